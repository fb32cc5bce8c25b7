#include "maru/tracking/experiment_service.h"

#include <charconv>

#include "maru/sql/migration.h"
#include "maru/tracking/schema.h"
#include "maru/tracking/validation.h"

namespace maru::tracking {
namespace {

constexpr std::string_view kInsert =
    "INSERT INTO experiments (id, workspace, name, artifact_location, deleted, creation_time, last_update_time) "
    "VALUES (?, ?, ?, ?, 0, ?, ?) ON CONFLICT (workspace, name) DO NOTHING";
constexpr std::string_view kNextId =
    "INSERT INTO tracking_ids (noun, last) VALUES ('experiment', 1) "
    "ON CONFLICT (noun) DO UPDATE SET last = tracking_ids.last + 1 RETURNING last";
constexpr std::string_view kById =
    "SELECT id, name, artifact_location, deleted, creation_time, last_update_time FROM experiments "
    "WHERE id = ? AND workspace = ?";
constexpr std::string_view kByName =
    "SELECT id, name, artifact_location, deleted, creation_time, last_update_time FROM experiments "
    "WHERE name = ? AND workspace = ?";
constexpr std::string_view kTags = "SELECT key, value FROM experiment_tags WHERE experiment = ? ORDER BY key";
constexpr std::string_view kPutTag =
    "INSERT INTO experiment_tags (experiment, key, value) VALUES (?, ?, ?) "
    "ON CONFLICT (experiment, key) DO UPDATE SET value = excluded.value";
constexpr std::string_view kDropTag = "DELETE FROM experiment_tags WHERE experiment = ? AND key = ?";
constexpr std::string_view kRename = "UPDATE experiments SET name = ?, last_update_time = ? WHERE id = ?";
constexpr std::string_view kSetDeleted = "UPDATE experiments SET deleted = ?, last_update_time = ? WHERE id = ?";
constexpr std::string_view kSetRunsDeleted = "UPDATE runs SET deleted = ?, deleted_time = ? WHERE experiment = ?";
constexpr std::string_view kState = "SELECT deleted FROM experiments WHERE id = ? AND workspace = ?";
constexpr std::string_view kNameTaken = "SELECT 1 FROM experiments WHERE workspace = ? AND name = ? AND id <> ?";

Experiment FromRow(const sql::Row& row) {
  return {.id = row.Int(0),
          .name = row.String(1),
          .artifact_location = row.String(2),
          .deleted = row.Bool(3),
          .creation_time_ms = row.Int(4),
          .last_update_time_ms = row.Int(5)};
}

Status NoExperiment(std::int64_t id) {
  return NotFound("No Experiment with id={} exists", id);
}

std::string Subject(std::int64_t id) {
  return fmt::format("experiment/{}", id);
}

// Whether the experiment is deleted; kNotFound when the workspace has none of that id.
Result<bool> IsDeleted(sql::Reader& reader, const Caller& caller, std::int64_t id) {
  MARU_ASSIGN_OR_RETURN(const auto deleted, reader.QueryOne(kState, {id, caller.workspace},
                                                            [](const sql::Row& row) { return row.Bool(0); }));
  if (!deleted) return NoExperiment(id);
  return *deleted;
}

Status CheckActive(sql::Reader& reader, const Caller& caller, std::int64_t id) {
  MARU_ASSIGN_OR_RETURN(const bool deleted, IsDeleted(reader, caller, id));
  if (!deleted) return OkStatus();
  return InvalidArgument("The experiment {} must be in the 'active' state. Current state is deleted.", id);
}

}  // namespace

Result<std::int64_t> ParseExperimentId(std::string_view text) {
  if (text.empty()) return 0;
  std::int64_t id = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), id);
  if (error != std::errc() || end != text.data() + text.size()) {
    return InvalidArgument("Invalid experiment ID '{}'. Experiment ID must be a valid integer.", text);
  }
  return id;
}

Result<std::vector<std::int64_t>> ParseExperimentIds(const std::vector<std::string>& texts) {
  std::vector<std::int64_t> ids;
  for (const std::string& text : texts) {
    MARU_ASSIGN_OR_RETURN(const std::int64_t id, ParseExperimentId(text));
    ids.push_back(id);
  }
  return ids;
}

ExperimentService::ExperimentService(sql::Database& database, events::EventLog& events, const Clock* clock,
                                     std::string artifact_root)
    : database_(database), events_(events), clock_(clock), artifact_root_(std::move(artifact_root)) {}

Status ExperimentService::Open() {
  MARU_RETURN_IF_ERROR(sql::Migrate(database_, "tracking", Migrations()));
  return EnsureDefault(Caller{}).status();
}

Result<Experiment> ExperimentService::EnsureDefault(const Caller& caller) {
  constexpr std::string_view kName = "Default";
  if (auto found = GetByName(caller, kName); found.ok() || !absl::IsNotFound(found.status())) return found;
  MARU_RETURN_IF_ERROR(database_.Write([&](sql::Writer& writer) {
    const auto id = caller.workspace == "default" ? std::optional<std::int64_t>(0) : std::nullopt;
    return Insert(writer, caller, id, kName, {}, {}).status();
  }));
  events_.Announce();
  return GetByName(caller, kName);
}

Result<std::int64_t> ExperimentService::Insert(sql::Writer& writer, const Caller& caller,
                                               std::optional<std::int64_t> id, std::string_view name,
                                               std::string_view artifact_location, const std::vector<Tag>& tags) {
  if (!id) {
    MARU_ASSIGN_OR_RETURN(id, writer.QueryOne(kNextId, {}, [](const sql::Row& row) { return row.Int(0); }));
  }
  const std::string location =
      artifact_location.empty() ? fmt::format("{}/{}", artifact_root_, *id) : std::string(artifact_location);
  const std::int64_t now = clock_->NowMs();
  MARU_ASSIGN_OR_RETURN(const std::int64_t inserted,
                        writer.Execute(kInsert, {*id, caller.workspace, name, location, now, now}));
  if (inserted == 0) {
    return AlreadyExists("Experiment(name={}) already exists. Choose another name, or restore it if it was deleted.",
                         name);
  }
  for (const Tag& tag : tags) MARU_RETURN_IF_ERROR(writer.Execute(kPutTag, {*id, tag.key, tag.value}).status());
  MARU_RETURN_IF_ERROR(events_.Append(writer, caller, "experiment.created", Subject(*id)));
  return *id;
}

Result<std::int64_t> ExperimentService::Create(const Caller& caller, std::string_view name,
                                               std::string_view artifact_location, std::vector<Tag> tags) {
  MARU_RETURN_IF_ERROR(ValidateExperimentName(name));
  for (const Tag& tag : tags) MARU_RETURN_IF_ERROR(ValidateExperimentTag(tag));
  if (artifact_location.starts_with("runs:")) {
    return InvalidArgument("Artifact location cannot be a runs:/ URI. Given: '{}'", artifact_location);
  }
  while (artifact_location.size() > 1 && artifact_location.ends_with('/')) artifact_location.remove_suffix(1);
  std::int64_t id = 0;
  MARU_RETURN_IF_ERROR(database_.Write([&](sql::Writer& writer) -> Status {
    MARU_ASSIGN_OR_RETURN(id, Insert(writer, caller, std::nullopt, name, artifact_location, tags));
    return OkStatus();
  }));
  events_.Announce();
  return id;
}

Result<Experiment> ExperimentService::GetWhere(const Caller& caller, std::string_view sql, const sql::Args& args,
                                               const Status& missing) {
  (void)caller;
  Experiment experiment;
  MARU_RETURN_IF_ERROR(database_.Read([&](sql::Reader& reader) -> Status {
    MARU_ASSIGN_OR_RETURN(auto found, reader.QueryOne(sql, args, FromRow));
    if (!found) return missing;
    experiment = *std::move(found);
    MARU_ASSIGN_OR_RETURN(experiment.tags, reader.QueryAll(kTags, {experiment.id}, [](const sql::Row& row) {
      return Tag{row.String(0), row.String(1)};
    }));
    return OkStatus();
  }));
  return experiment;
}

Result<Experiment> ExperimentService::Get(const Caller& caller, std::int64_t id) {
  return GetWhere(caller, kById, {id, caller.workspace}, NoExperiment(id));
}

Result<Experiment> ExperimentService::GetByName(const Caller& caller, std::string_view name) {
  return GetWhere(caller, kByName, {name, caller.workspace},
                  NotFound("Could not find experiment with name '{}'", name));
}

Status ExperimentService::Rename(const Caller& caller, std::int64_t id, std::string_view name) {
  MARU_RETURN_IF_ERROR(ValidateExperimentName(name));
  MARU_RETURN_IF_ERROR(database_.Write([&](sql::Writer& writer) -> Status {
    MARU_ASSIGN_OR_RETURN(const bool deleted, IsDeleted(writer, caller, id));
    if (deleted) return FailedPrecondition("Cannot rename a non-active experiment.");
    MARU_ASSIGN_OR_RETURN(const auto taken, writer.QueryOne(kNameTaken, {caller.workspace, name, id},
                                                            [](const sql::Row& row) { return row.Int(0); }));
    if (taken) return AlreadyExists("Experiment(name={}) already exists. Choose another name.", name);
    MARU_RETURN_IF_ERROR(writer.Execute(kRename, {name, clock_->NowMs(), id}).status());
    return events_.Append(writer, caller, "experiment.updated", Subject(id));
  }));
  events_.Announce();
  return OkStatus();
}

Status ExperimentService::SetDeleted(const Caller& caller, std::int64_t id, bool deleted) {
  MARU_RETURN_IF_ERROR(database_.Write([&](sql::Writer& writer) -> Status {
    MARU_ASSIGN_OR_RETURN(const bool was_deleted, IsDeleted(writer, caller, id));
    if (was_deleted == deleted) return NoExperiment(id);  // none that could be
    const std::int64_t now = clock_->NowMs();
    MARU_RETURN_IF_ERROR(writer.Execute(kSetDeleted, {deleted, now, id}).status());
    MARU_RETURN_IF_ERROR(
        writer.Execute(kSetRunsDeleted, {deleted, deleted ? std::optional(now) : std::nullopt, id}).status());
    return events_.Append(writer, caller, deleted ? "experiment.deleted" : "experiment.restored", Subject(id));
  }));
  events_.Announce();
  return OkStatus();
}

Status ExperimentService::Delete(const Caller& caller, std::int64_t id) {
  return SetDeleted(caller, id, true);
}
Status ExperimentService::Restore(const Caller& caller, std::int64_t id) {
  return SetDeleted(caller, id, false);
}

Status ExperimentService::SetTag(const Caller& caller, std::int64_t id, const Tag& tag) {
  MARU_RETURN_IF_ERROR(ValidateExperimentTag(tag));
  MARU_RETURN_IF_ERROR(database_.Write([&](sql::Writer& writer) -> Status {
    MARU_RETURN_IF_ERROR(CheckActive(writer, caller, id));
    MARU_RETURN_IF_ERROR(writer.Execute(kPutTag, {id, tag.key, tag.value}).status());
    return events_.Append(writer, caller, "experiment.tagged", Subject(id));
  }));
  events_.Announce();
  return OkStatus();
}

Status ExperimentService::DeleteTag(const Caller& caller, std::int64_t id, std::string_view key) {
  MARU_RETURN_IF_ERROR(database_.Write([&](sql::Writer& writer) -> Status {
    MARU_RETURN_IF_ERROR(CheckActive(writer, caller, id));
    MARU_ASSIGN_OR_RETURN(const std::int64_t dropped, writer.Execute(kDropTag, {id, key}));
    if (dropped == 0) return NotFound("No tag with name: {} in experiment with id {}", key, id);
    return events_.Append(writer, caller, "experiment.tagged", Subject(id));
  }));
  events_.Announce();
  return OkStatus();
}

}  // namespace maru::tracking
