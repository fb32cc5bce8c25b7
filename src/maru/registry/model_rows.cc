#include "maru/registry/model_rows.h"

#include <algorithm>
#include <map>
#include <utility>

namespace maru::registry {
namespace {

// Lists of ids go out in blocks of this many, so that a handful of statements serves lists of every length.
constexpr std::size_t kBlock = 32;
#define MARU_32_PLACEHOLDERS "?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?"

// Runs `sql`, which has one list of 32 placeholders, over all ids.
template <typename OnRow>
Status QueryByIds(sql::Reader& reader, std::string_view sql, const std::vector<std::int64_t>& ids, OnRow on_row) {
  for (std::size_t start = 0; start < ids.size(); start += kBlock) {
    std::vector<sql::Args::Arg> args;
    for (std::size_t i = 0; i < kBlock; ++i) args.emplace_back(ids[std::min(start + i, ids.size() - 1)]);
    MARU_RETURN_IF_ERROR(reader.Query(sql, args, on_row));
  }
  return OkStatus();
}

constexpr char kVersionTags[] =
    "SELECT version_id, key, value FROM model_version_tags WHERE version_id IN (" MARU_32_PLACEHOLDERS ")";
constexpr char kVersionAliases[] =
    "SELECT version_id, alias FROM model_aliases WHERE version_id IN (" MARU_32_PLACEHOLDERS ") ORDER BY alias";
constexpr char kModelTags[] =
    "SELECT model_id, key, value FROM registered_model_tags WHERE model_id IN (" MARU_32_PLACEHOLDERS ")";
constexpr char kModelAliases[] =
    "SELECT a.model_id, a.alias, v.version FROM model_aliases a JOIN model_versions v ON v.id = a.version_id "
    "WHERE a.model_id IN (" MARU_32_PLACEHOLDERS ") ORDER BY a.alias";
constexpr char kLatestVersions[] =
    "SELECT " MARU_VERSION_COLUMNS
    " FROM model_versions v JOIN registered_models m ON m.id = v.model_id "
    "WHERE v.model_id IN (" MARU_32_PLACEHOLDERS
    ") AND NOT EXISTS (SELECT 1 FROM model_versions newer "
    "WHERE newer.model_id = v.model_id AND newer.stage = v.stage AND newer.version > v.version) ORDER BY v.version";

constexpr char kIsPrompt[] =
    "EXISTS (SELECT 1 FROM registered_model_tags t WHERE t.model_id = m.id AND t.key = 'mlflow.prompt.is_prompt' "
    "AND LOWER(t.value) = 'true')";

const std::string& FindModelSql() {
  static const std::string sql =
      std::string("SELECT m.id, ") + kIsPrompt + " FROM registered_models m WHERE m.workspace = ? AND m.name = ?";
  return sql;
}

const std::string& FindVersionSql() {
  static const std::string sql = std::string("SELECT v.id, m.id, v.stage, ") + kIsPrompt +
                                 " FROM registered_models m JOIN model_versions v ON v.model_id = m.id "
                                 "WHERE m.workspace = ? AND m.name = ? AND v.version = ?";
  return sql;
}

constexpr char kReadModel[] =
    "SELECT " MARU_MODEL_COLUMNS " FROM registered_models m WHERE m.workspace = ? AND m.name = ?";
constexpr char kReadVersion[] = "SELECT " MARU_VERSION_COLUMNS
                                " FROM registered_models m JOIN model_versions v ON v.model_id = m.id "
                                "WHERE m.workspace = ? AND m.name = ? AND v.version = ?";

Status NoModel(std::string_view name) {
  return NotFound("Registered Model with name={} not found", name);
}
Status NoVersion(std::string_view name, std::int64_t version) {
  return NotFound("Model Version (name={}, version={}) not found", name, version);
}

}  // namespace

VersionRow VersionFromRow(const sql::Row& row) {
  VersionRow read;
  read.id = row.Int(0);
  read.model_id = row.Int(13);
  ModelVersion& v = read.version;
  v.name = row.String(1);
  v.version = row.Int(2);
  v.created_ms = row.Int(3);
  v.updated_ms = row.Int(4);
  v.description = row.OptionalString(5);
  v.user_id = row.String(6);
  v.stage = row.String(7);
  v.source = row.String(8);
  v.storage_location = row.String(9);
  v.run_id = row.String(10);
  v.run_link = row.String(11);
  v.logged_model_id = row.String(12);
  return read;
}

ModelRow ModelFromRow(const sql::Row& row) {
  ModelRow read;
  read.id = row.Int(0);
  read.model.name = row.String(1);
  read.model.created_ms = row.Int(2);
  read.model.updated_ms = row.Int(3);
  read.model.description = row.OptionalString(4);
  read.model.deployment_job_id = row.String(5);
  return read;
}

Status AddTagsAndAliases(sql::Reader& reader, std::vector<VersionRow>& versions) {
  std::vector<std::int64_t> ids;
  std::map<std::int64_t, ModelVersion*> by_id;
  for (VersionRow& row : versions) {
    ids.push_back(row.id);
    by_id[row.id] = &row.version;
  }
  MARU_RETURN_IF_ERROR(QueryByIds(reader, kVersionTags, ids, [&](const sql::Row& row) {
    by_id[row.Int(0)]->tags[row.String(1)] = row.String(2);
    return OkStatus();
  }));
  return QueryByIds(reader, kVersionAliases, ids, [&](const sql::Row& row) {
    by_id[row.Int(0)]->aliases.push_back(row.String(1));
    return OkStatus();
  });
}

Status AddTagsAliasesAndLatest(sql::Reader& reader, std::vector<ModelRow>& models) {
  std::vector<std::int64_t> ids;
  std::map<std::int64_t, RegisteredModel*> by_id;
  for (ModelRow& row : models) {
    ids.push_back(row.id);
    by_id[row.id] = &row.model;
  }
  MARU_RETURN_IF_ERROR(QueryByIds(reader, kModelTags, ids, [&](const sql::Row& row) {
    by_id[row.Int(0)]->tags[row.String(1)] = row.String(2);
    return OkStatus();
  }));
  MARU_RETURN_IF_ERROR(QueryByIds(reader, kModelAliases, ids, [&](const sql::Row& row) {
    by_id[row.Int(0)]->aliases.push_back({row.String(1), row.Int(2)});
    return OkStatus();
  }));
  std::vector<VersionRow> latest;
  MARU_RETURN_IF_ERROR(QueryByIds(reader, kLatestVersions, ids, [&](const sql::Row& row) {
    latest.push_back(VersionFromRow(row));
    return OkStatus();
  }));
  MARU_RETURN_IF_ERROR(AddTagsAndAliases(reader, latest));
  for (VersionRow& row : latest) by_id[row.model_id]->latest_versions.push_back(std::move(row.version));
  return OkStatus();
}

std::vector<ModelVersion> VersionsOf(std::vector<VersionRow> rows) {
  std::vector<ModelVersion> versions;
  versions.reserve(rows.size());
  for (VersionRow& row : rows) versions.push_back(std::move(row.version));
  return versions;
}

Result<ModelKey> FindModel(sql::Reader& reader, std::string_view workspace, std::string_view name) {
  MARU_ASSIGN_OR_RETURN(const auto found, reader.QueryOne(FindModelSql(), {workspace, name}, [](const sql::Row& row) {
    return ModelKey{row.Int(0), row.Bool(1)};
  }));
  if (!found) return NoModel(name);
  return *found;
}

Result<VersionKey> FindVersion(sql::Reader& reader, std::string_view workspace, std::string_view name,
                               std::int64_t version) {
  MARU_ASSIGN_OR_RETURN(const auto found,
                        reader.QueryOne(FindVersionSql(), {workspace, name, version}, [](const sql::Row& row) {
                          return VersionKey{row.Int(0), row.Int(1), row.Bool(3), row.String(2)};
                        }));
  if (!found) return NoVersion(name, version);
  return *found;
}

Result<RegisteredModel> ReadModel(sql::Reader& reader, std::string_view workspace, std::string_view name) {
  MARU_ASSIGN_OR_RETURN(auto rows, reader.QueryAll(kReadModel, {workspace, name}, ModelFromRow));
  if (rows.empty()) return NoModel(name);
  MARU_RETURN_IF_ERROR(AddTagsAliasesAndLatest(reader, rows));
  return std::move(rows[0].model);
}

Result<ModelVersion> ReadVersion(sql::Reader& reader, std::string_view workspace, std::string_view name,
                                 std::int64_t version) {
  MARU_ASSIGN_OR_RETURN(auto rows, reader.QueryAll(kReadVersion, {workspace, name, version}, VersionFromRow));
  if (rows.empty()) return NoVersion(name, version);
  MARU_RETURN_IF_ERROR(AddTagsAndAliases(reader, rows));
  return std::move(rows[0].version);
}

Status TouchModel(sql::Writer& writer, std::int64_t model_id, std::int64_t now_ms) {
  return writer.Execute("UPDATE registered_models SET updated_ms = ? WHERE id = ?", {now_ms, model_id}).status();
}

}  // namespace maru::registry
