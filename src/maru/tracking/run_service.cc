#include "maru/tracking/run_service.h"

#include "maru/base/ids.h"
#include "maru/tracking/run_names.h"
#include "maru/tracking/run_reader.h"
#include "maru/tracking/validation.h"
#include "maru/tracking/value_hash.h"

namespace maru::tracking {
namespace {

constexpr std::string_view kRunName = "mlflow.runName";

constexpr std::string_view kExperiment =
    "SELECT deleted, artifact_location FROM experiments WHERE id = ? AND workspace = ?";
constexpr std::string_view kInsert =
    "INSERT INTO runs (run_id, experiment, name, user_id, status, start_time, artifact_uri, deleted) "
    "VALUES (?, ?, ?, ?, ?, ?, ?, 0) RETURNING id";
constexpr std::string_view kFind =
    "SELECT r.id, r.experiment, r.deleted FROM runs r JOIN experiments e ON e.id = r.experiment "
    "WHERE r.run_id = ? AND e.workspace = ?";
constexpr std::string_view kArtifactUri =
    "SELECT r.artifact_uri FROM runs r JOIN experiments e ON e.id = r.experiment WHERE r.run_id = ? AND e.workspace = "
    "?";
constexpr std::string_view kUpdate =
    "UPDATE runs SET status = COALESCE(?, status), end_time = COALESCE(?, end_time), name = COALESCE(?, name) WHERE id "
    "= ?";
constexpr std::string_view kRename = "UPDATE runs SET name = ? WHERE id = ?";
constexpr std::string_view kSetDeleted = "UPDATE runs SET deleted = ?, deleted_time = ? WHERE id = ?";
constexpr std::string_view kPutTag =
    "INSERT INTO run_tags (run, key, experiment, hash, value) VALUES (?, ?, ?, ?, ?) "
    "ON CONFLICT (run, key) DO UPDATE SET hash = excluded.hash, value = excluded.value";
constexpr std::string_view kDropTag = "DELETE FROM run_tags WHERE run = ? AND key = ?";

std::string Subject(std::string_view run_id) {
  return fmt::format("run/{}", run_id);
}

}  // namespace

RunService::RunService(sql::Database& database, events::EventLog& events, const Clock* clock)
    : database_(database), events_(events), clock_(clock), metrics_(database), compactor_(metrics_) {}

Status RunService::Open() {
  MARU_RETURN_IF_ERROR(metrics_.Open());
  compactor_.Start();
  return OkStatus();
}

Result<Run> RunService::Create(const Caller& caller, NewRun run) {
  std::string tagged_name;
  for (const Tag& tag : run.tags) {
    if (tag.key == kRunName) tagged_name = tag.value;
  }
  if (!run.name.empty() && !tagged_name.empty() && run.name != tagged_name) {
    return InvalidArgument(
        "Both 'run_name' argument and 'mlflow.runName' tag are specified, but with different values "
        "(run_name='{}', mlflow.runName='{}').",
        run.name, tagged_name);
  }
  if (run.name.empty()) run.name = tagged_name.empty() ? RandomName() : tagged_name;
  if (tagged_name.empty()) {
    std::erase_if(run.tags, [](const Tag& tag) { return tag.key == kRunName; });
    run.tags.push_back({std::string(kRunName), run.name});
  }
  for (Tag& tag : run.tags) MARU_RETURN_IF_ERROR(ValidateTag(tag));

  Run created;
  created.info = {.run_id = NewUuidHex(),
                  .experiment_id = run.experiment_id,
                  .name = std::move(run.name),
                  .user_id = std::move(run.user_id),
                  .start_time_ms = run.start_time_ms};
  created.tags = std::move(run.tags);
  NameTable::Learned learned;
  std::string artifact_uri;
  MARU_RETURN_IF_ERROR(database_.Write([&](sql::Writer& writer) -> Status {
    learned.clear();
    MARU_ASSIGN_OR_RETURN(const auto experiment,
                          writer.QueryOne(kExperiment, {run.experiment_id, caller.workspace},
                                          [](const sql::Row& row) { return std::pair(row.Bool(0), row.String(1)); }));
    if (!experiment) return NotFound("No Experiment with id={} exists", run.experiment_id);
    if (experiment->first) {
      return InvalidArgument("The experiment {} must be in the 'active' state. Current state is deleted.",
                             run.experiment_id);
    }
    artifact_uri = fmt::format("{}/{}/artifacts", experiment->second, created.info.run_id);
    const RunInfo& info = created.info;
    MARU_ASSIGN_OR_RETURN(const auto id,
                          writer.QueryOne(kInsert,
                                          {info.run_id, info.experiment_id, info.name, info.user_id,
                                           static_cast<int>(info.status), info.start_time_ms, artifact_uri},
                                          [](const sql::Row& row) { return row.Int(0); }));
    if (!id) return Internal("the run got no number");
    const Target target{*id, info.experiment_id, false};
    for (const Tag& tag : created.tags) {
      MARU_ASSIGN_OR_RETURN(const std::int64_t key, names_.GetOrAdd(writer, tag.key, learned));
      MARU_RETURN_IF_ERROR(
          writer.Execute(kPutTag, {target.id, key, target.experiment, HashOf(tag.value), tag.value}).status());
    }
    return events_.Append(writer, caller, "run.created", Subject(info.run_id));
  }));
  names_.Remember(learned);
  events_.Announce();
  created.info.artifact_uri = std::move(artifact_uri);
  return created;
}

Result<RunService::Target> RunService::Find(sql::Reader& reader, const Caller& caller, std::string_view run_id) {
  MARU_ASSIGN_OR_RETURN(const auto target, reader.QueryOne(kFind, {run_id, caller.workspace}, [](const sql::Row& row) {
    return Target{row.Int(0), row.Int(1), row.Bool(2)};
  }));
  if (!target) return NotFound("Run with id={} not found", run_id);
  return *target;
}

Result<RunService::Target> RunService::FindActive(sql::Reader& reader, const Caller& caller, std::string_view run_id) {
  MARU_ASSIGN_OR_RETURN(const Target target, Find(reader, caller, run_id));
  if (target.deleted) {
    return InvalidArgument("The run {} must be in the 'active' state. Current state is deleted.", run_id);
  }
  return target;
}

Status RunService::Change(const Caller& caller, std::string_view run_id, std::string_view event,
                          absl::FunctionRef<Status(sql::Writer&, const Target&)> write) {
  MARU_RETURN_IF_ERROR(database_.Write([&](sql::Writer& writer) -> Status {
    MARU_ASSIGN_OR_RETURN(const Target run, FindActive(writer, caller, run_id));
    MARU_RETURN_IF_ERROR(write(writer, run));
    return events_.Append(writer, caller, event, Subject(run_id));
  }));
  events_.Announce();
  return OkStatus();
}

Result<Run> RunService::Get(const Caller& caller, std::string_view run_id) {
  std::vector<Run> runs;
  MARU_RETURN_IF_ERROR(database_.Read([&](sql::Reader& reader) -> Status {
    runs.clear();
    MARU_ASSIGN_OR_RETURN(const Target target, Find(reader, caller, run_id));
    return ReadRuns(reader, names_, std::vector{target.id}, RunParts::kWithModelInputs, runs);
  }));
  return std::move(runs.front());
}

Result<std::string> RunService::ArtifactUri(const Caller& caller, std::string_view run_id) {
  std::optional<std::string> uri;
  MARU_RETURN_IF_ERROR(database_.Read([&](sql::Reader& reader) -> Status {
    MARU_ASSIGN_OR_RETURN(uri, reader.QueryOne(kArtifactUri, {run_id, caller.workspace},
                                               [](const sql::Row& row) { return row.String(0); }));
    return OkStatus();
  }));
  if (!uri) return NotFound("Run with id={} not found", run_id);
  return *std::move(uri);
}

Result<RunInfo> RunService::Update(const Caller& caller, std::string_view run_id, const RunUpdate& update) {
  NameTable::Learned learned;
  MARU_RETURN_IF_ERROR(Change(caller, run_id, "run.updated", [&](sql::Writer& writer, const Target& run) -> Status {
    learned.clear();
    const auto status = update.status ? std::optional(static_cast<std::int64_t>(*update.status)) : std::nullopt;
    const sql::Args::Arg name = update.name.empty() ? sql::Args::Arg(nullptr) : sql::Args::Arg(update.name);
    MARU_RETURN_IF_ERROR(writer.Execute(kUpdate, {status, update.end_time_ms, name, run.id}).status());
    if (update.name.empty()) return OkStatus();
    return PutTag(writer, run, {std::string(kRunName), update.name}, learned);
  }));
  names_.Remember(learned);
  MARU_ASSIGN_OR_RETURN(Run run, Get(caller, run_id));
  return std::move(run.info);
}

Status RunService::SetDeleted(const Caller& caller, std::string_view run_id, bool deleted) {
  MARU_RETURN_IF_ERROR(database_.Write([&](sql::Writer& writer) -> Status {
    MARU_ASSIGN_OR_RETURN(const Target run, Find(writer, caller, run_id));
    const auto time = deleted ? std::optional(clock_->NowMs()) : std::nullopt;
    MARU_RETURN_IF_ERROR(writer.Execute(kSetDeleted, {deleted, time, run.id}).status());
    return events_.Append(writer, caller, deleted ? "run.deleted" : "run.restored", Subject(run_id));
  }));
  events_.Announce();
  return OkStatus();
}

Status RunService::Delete(const Caller& caller, std::string_view run_id) {
  return SetDeleted(caller, run_id, true);
}
Status RunService::Restore(const Caller& caller, std::string_view run_id) {
  return SetDeleted(caller, run_id, false);
}

Status RunService::PutTag(sql::Writer& writer, const Target& run, const Tag& tag, NameTable::Learned& learned) const {
  MARU_ASSIGN_OR_RETURN(const std::int64_t key, names_.GetOrAdd(writer, tag.key, learned));
  MARU_RETURN_IF_ERROR(writer.Execute(kPutTag, {run.id, key, run.experiment, HashOf(tag.value), tag.value}).status());
  if (tag.key != kRunName || tag.value.empty()) return OkStatus();
  return writer.Execute(kRename, {tag.value, run.id}).status();
}

Status RunService::DeleteTag(const Caller& caller, std::string_view run_id, std::string_view key) {
  return Change(caller, run_id, "run.logged", [&](sql::Writer& writer, const Target& run) -> Status {
    MARU_ASSIGN_OR_RETURN(const std::int64_t number, names_.Find(writer, key));
    MARU_ASSIGN_OR_RETURN(const std::int64_t dropped, writer.Execute(kDropTag, {run.id, number}));
    if (dropped == 0) return NotFound("No tag with name: {} in run with id {}", key, run_id);
    return OkStatus();
  });
}

}  // namespace maru::tracking
