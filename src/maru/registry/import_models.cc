#include "maru/registry/import_models.h"

namespace maru::registry {
namespace {

constexpr std::string_view kAddModel =
    "INSERT INTO registered_models (workspace, name, description, created_ms, updated_ms) VALUES (?, ?, ?, ?, ?) "
    "ON CONFLICT (workspace, name) DO NOTHING";
constexpr std::string_view kFindModel = "SELECT id FROM registered_models WHERE workspace = ? AND name = ?";
constexpr std::string_view kAddModelTag =
    "INSERT INTO registered_model_tags (model_id, key, value) VALUES (?, ?, ?) ON CONFLICT (model_id, key) DO NOTHING";
constexpr std::string_view kRaiseLast =
    "UPDATE registered_models SET last_version = ? WHERE id = ? AND last_version < ?";
constexpr std::string_view kFindVersion = "SELECT id FROM model_versions WHERE model_id = ? AND version = ?";
constexpr std::string_view kAddVersion =
    "INSERT INTO model_versions (model_id, version, created_ms, updated_ms, description, user_id, stage, source, "
    "storage_location, run_id, run_link, logged_model_id) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING id";
constexpr std::string_view kAddVersionTag = "INSERT INTO model_version_tags (version_id, key, value) VALUES (?, ?, ?)";
constexpr std::string_view kAddAlias =
    "INSERT INTO model_aliases (model_id, alias, version_id) VALUES (?, ?, ?) ON CONFLICT (model_id, alias) DO NOTHING";

std::int64_t Number(const sql::Row& row) {
  return row.Int(0);
}

}  // namespace

Result<int> ImportModel(sql::Database& database, events::EventLog& events, const Caller& caller,
                        const RegisteredModel& model, const std::vector<ModelVersion>& versions) {
  int added = 0;
  MARU_RETURN_IF_ERROR(database.Write([&](sql::Writer& writer) -> Status {
    added = 0;
    MARU_ASSIGN_OR_RETURN(const std::int64_t is_new,
                          writer.Execute(kAddModel, {caller.workspace, model.name, model.description, model.created_ms,
                                                     model.updated_ms}));
    MARU_ASSIGN_OR_RETURN(const auto id, writer.QueryOne(kFindModel, {caller.workspace, model.name}, Number));
    if (!id) return Internal("model \"{}\" got no number", model.name);
    if (is_new > 0) MARU_RETURN_IF_ERROR(events.Append(writer, caller, "model.imported", "model/" + model.name));
    for (const auto& [key, value] : model.tags) {
      MARU_RETURN_IF_ERROR(writer.Execute(kAddModelTag, {*id, key, value}).status());
    }
    for (const ModelVersion& v : versions) {
      MARU_ASSIGN_OR_RETURN(const auto there, writer.QueryOne(kFindVersion, {*id, v.version}, Number));
      if (there) continue;
      MARU_ASSIGN_OR_RETURN(
          const auto number,
          writer.QueryOne(kAddVersion,
                          {*id, v.version, v.created_ms, v.updated_ms, v.description, v.user_id, v.stage, v.source,
                           v.storage_location, v.run_id, v.run_link, v.logged_model_id},
                          Number));
      for (const auto& [key, value] : v.tags) {
        MARU_RETURN_IF_ERROR(writer.Execute(kAddVersionTag, {*number, key, value}).status());
      }
      MARU_RETURN_IF_ERROR(writer.Execute(kRaiseLast, {v.version, *id, v.version}).status());
      MARU_RETURN_IF_ERROR(
          events.Append(writer, caller, "model_version.imported", fmt::format("model/{}/{}", model.name, v.version)));
      ++added;
    }
    for (const Alias& alias : model.aliases) {
      MARU_ASSIGN_OR_RETURN(const auto version, writer.QueryOne(kFindVersion, {*id, alias.version}, Number));
      if (version) MARU_RETURN_IF_ERROR(writer.Execute(kAddAlias, {*id, alias.alias, *version}).status());
    }
    return OkStatus();
  }));
  events.Announce();
  return added;
}

}  // namespace maru::registry
