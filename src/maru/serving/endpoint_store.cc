#include "maru/serving/endpoint_store.h"

#include "maru/json/json.h"
#include "maru/sql/migration.h"

namespace maru::serving::endpoint_store {
namespace {

constexpr sql::Migration kMigrations[] = {{1, R"(
  CREATE TABLE endpoints (
    workspace TEXT NOT NULL,
    name TEXT NOT NULL,
    model_uri TEXT NOT NULL,
    settings TEXT NOT NULL,
    settings_generation BIGINT NOT NULL,
    created_by TEXT NOT NULL,
    created_ms BIGINT NOT NULL,
    updated_ms BIGINT NOT NULL,
    last_revision BIGINT NOT NULL,
    PRIMARY KEY (workspace, name)
  );
  CREATE TABLE endpoint_revisions (
    workspace TEXT NOT NULL,
    endpoint TEXT NOT NULL,
    number BIGINT NOT NULL,
    model_name TEXT NOT NULL,
    model_version TEXT NOT NULL,
    settings_generation BIGINT NOT NULL,
    state TEXT NOT NULL,
    error TEXT NOT NULL,
    attempts BIGINT NOT NULL,
    created_ms BIGINT NOT NULL,
    ready_ms BIGINT NOT NULL,
    ended_ms BIGINT NOT NULL,
    PRIMARY KEY (workspace, endpoint, number)
  );
)"}};

constexpr std::string_view kInsert =
    "INSERT INTO endpoints (workspace, name, model_uri, settings, settings_generation, created_by, created_ms, "
    "updated_ms, last_revision) VALUES (?, ?, ?, ?, ?, ?, ?, ?, 0)";
constexpr std::string_view kFind =
    "SELECT workspace, name, model_uri, settings, settings_generation, created_by, created_ms, updated_ms "
    "FROM endpoints WHERE workspace = ? AND name = ?";
constexpr std::string_view kList =
    "SELECT workspace, name, model_uri, settings, settings_generation, created_by, created_ms, updated_ms "
    "FROM endpoints WHERE workspace = ? ORDER BY name";
constexpr std::string_view kListAll =
    "SELECT workspace, name, model_uri, settings, settings_generation, created_by, created_ms, updated_ms "
    "FROM endpoints ORDER BY workspace, name";
constexpr std::string_view kUpdate =
    "UPDATE endpoints SET model_uri = ?, settings = ?, settings_generation = ?, updated_ms = ? "
    "WHERE workspace = ? AND name = ?";
constexpr std::string_view kDelete = "DELETE FROM endpoints WHERE workspace = ? AND name = ?";
constexpr std::string_view kDeleteRevisions = "DELETE FROM endpoint_revisions WHERE workspace = ? AND endpoint = ?";

constexpr std::string_view kRevisions =
    "SELECT number, model_name, model_version, settings_generation, state, error, attempts, created_ms, ready_ms, "
    "ended_ms FROM endpoint_revisions WHERE workspace = ? AND endpoint = ? AND (? = 1 OR state <> 'retired') "
    "ORDER BY number";
constexpr std::string_view kNextNumber =
    "UPDATE endpoints SET last_revision = last_revision + 1 WHERE workspace = ? AND name = ? RETURNING last_revision";
constexpr std::string_view kInsertRevision =
    "INSERT INTO endpoint_revisions (workspace, endpoint, number, model_name, model_version, settings_generation, "
    "state, "
    "error, attempts, created_ms, ready_ms, ended_ms) VALUES (?, ?, ?, ?, ?, ?, 'loading', '', 0, ?, 0, 0)";
constexpr std::string_view kReady =
    "UPDATE endpoint_revisions SET state = 'ready', error = '', ready_ms = ?, ended_ms = 0 "
    "WHERE workspace = ? AND endpoint = ? AND number = ?";
constexpr std::string_view kRetireOthers =
    "UPDATE endpoint_revisions SET state = 'retired', ended_ms = ? "
    "WHERE workspace = ? AND endpoint = ? AND number <> ? AND (state = 'ready' OR (state <> 'retired' AND number < ?))";
constexpr std::string_view kFailed =
    "UPDATE endpoint_revisions SET state = 'failed', error = ?, attempts = attempts + 1, ended_ms = ? "
    "WHERE workspace = ? AND endpoint = ? AND number = ?";
constexpr std::string_view kRetired =
    "UPDATE endpoint_revisions SET state = 'retired', ended_ms = ? WHERE workspace = ? AND endpoint = ? AND number = ?";

EndpointRow EndpointFrom(const sql::Row& row) {
  EndpointRow endpoint{.workspace = row.String(0),
                       .name = row.String(1),
                       .model_uri = row.String(2),
                       .settings_generation = row.Int(4),
                       .created_by = row.String(5),
                       .created_ms = row.Int(6),
                       .updated_ms = row.Int(7)};
  // Written by Encode; a setting that a newer maru knows is ignored, a missing one keeps its default.
  if (auto settings = json::Decode<EndpointSettings>(row.Text(3)); settings.ok()) endpoint.settings = *settings;
  return endpoint;
}

RevisionRow RevisionFrom(const sql::Row& row) {
  return {.number = row.Int(0),
          .model_name = row.String(1),
          .model_version = row.String(2),
          .settings_generation = row.Int(3),
          .state = RevisionStateFromName(row.Text(4)).value_or(RevisionState::kFailed),
          .error = row.String(5),
          .attempts = row.Int(6),
          .created_ms = row.Int(7),
          .ready_ms = row.Int(8),
          .ended_ms = row.Int(9)};
}

Status ExpectRow(const Result<std::int64_t>& changed, std::string_view name) {
  MARU_RETURN_IF_ERROR(changed.status());
  return *changed > 0 ? OkStatus() : NotFound("there is no endpoint \"{}\"", name);
}

}  // namespace

Status Migrate(sql::Database& database) {
  return sql::Migrate(database, "serving", kMigrations);
}

Status Insert(sql::Writer& writer, const EndpointRow& row) {
  const std::string settings = json::Encode(row.settings);
  const Status status = writer
                            .Execute(kInsert, {row.workspace, row.name, row.model_uri, settings,
                                               row.settings_generation, row.created_by, row.created_ms, row.updated_ms})
                            .status();
  if (absl::IsAlreadyExists(status)) return AlreadyExists("there is already an endpoint \"{}\"", row.name);
  return status;
}

Result<std::optional<EndpointRow>> Find(sql::Reader& reader, std::string_view workspace, std::string_view name) {
  return reader.QueryOne(kFind, {workspace, name}, EndpointFrom);
}

Result<std::vector<EndpointRow>> ListAll(sql::Reader& reader) {
  return reader.QueryAll(kListAll, {}, EndpointFrom);
}

Result<std::vector<EndpointRow>> List(sql::Reader& reader, std::string_view workspace) {
  return reader.QueryAll(kList, {workspace}, EndpointFrom);
}

Status Update(sql::Writer& writer, const EndpointRow& row) {
  const std::string settings = json::Encode(row.settings);
  return ExpectRow(writer.Execute(kUpdate, {row.model_uri, settings, row.settings_generation, row.updated_ms,
                                            row.workspace, row.name}),
                   row.name);
}

Status Delete(sql::Writer& writer, std::string_view workspace, std::string_view name) {
  MARU_RETURN_IF_ERROR(writer.Execute(kDeleteRevisions, {workspace, name}).status());
  return ExpectRow(writer.Execute(kDelete, {workspace, name}), name);
}

Result<std::vector<RevisionRow>> Revisions(sql::Reader& reader, std::string_view workspace, std::string_view name,
                                           bool retired) {
  return reader.QueryAll(kRevisions, {workspace, name, retired}, RevisionFrom);
}

Result<std::int64_t> AddRevision(sql::Writer& writer, std::string_view workspace, std::string_view name,
                                 const RevisionRow& row) {
  MARU_ASSIGN_OR_RETURN(const auto number,
                        writer.QueryOne(kNextNumber, {workspace, name}, [](const sql::Row& r) { return r.Int(0); }));
  if (!number) return NotFound("there is no endpoint \"{}\"", name);
  MARU_RETURN_IF_ERROR(writer
                           .Execute(kInsertRevision, {workspace, name, *number, row.model_name, row.model_version,
                                                      row.settings_generation, row.created_ms})
                           .status());
  return *number;
}

Status MarkReady(sql::Writer& writer, std::string_view workspace, std::string_view name, std::int64_t number,
                 std::int64_t now_ms) {
  MARU_RETURN_IF_ERROR(ExpectRow(writer.Execute(kReady, {now_ms, workspace, name, number}), name));
  return writer.Execute(kRetireOthers, {now_ms, workspace, name, number, number}).status();
}

Status MarkFailed(sql::Writer& writer, std::string_view workspace, std::string_view name, std::int64_t number,
                  std::string_view error, std::int64_t now_ms) {
  return ExpectRow(writer.Execute(kFailed, {error, now_ms, workspace, name, number}), name);
}

Status MarkRetired(sql::Writer& writer, std::string_view workspace, std::string_view name, std::int64_t number,
                   std::int64_t now_ms) {
  return writer.Execute(kRetired, {now_ms, workspace, name, number}).status();
}

}  // namespace maru::serving::endpoint_store
