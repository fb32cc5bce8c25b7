#include "maru/tracking/import_service.h"

#include <cmath>
#include <limits>

#include "maru/json/json.h"
#include "maru/tracking/metric_store.h"
#include "maru/tracking/tag_json.h"
#include "maru/tracking/value_hash.h"

namespace maru::tracking {

namespace {

constexpr std::string_view kExperimentByName = "SELECT id FROM experiments WHERE workspace = ? AND name = ?";
constexpr std::string_view kExperimentById = "SELECT 1 FROM experiments WHERE id = ?";
constexpr std::string_view kAddExperiment =
    "INSERT INTO experiments (id, workspace, name, artifact_location, deleted, creation_time, last_update_time) "
    "VALUES (?, ?, ?, ?, ?, ?, ?)";
// New experiments must not get the number of an imported one.
constexpr std::string_view kRaiseLast =
    "INSERT INTO tracking_ids (noun, last) VALUES ('experiment', ?) ON CONFLICT (noun) DO UPDATE SET last = CASE WHEN "
    "tracking_ids.last < excluded.last THEN excluded.last ELSE tracking_ids.last END";
constexpr std::string_view kNextId =
    "INSERT INTO tracking_ids (noun, last) VALUES ('experiment', 1) "
    "ON CONFLICT (noun) DO UPDATE SET last = tracking_ids.last + 1 RETURNING last";
constexpr std::string_view kAddExperimentTag =
    "INSERT INTO experiment_tags (experiment, key, value) VALUES (?, ?, ?) ON CONFLICT (experiment, key) DO NOTHING";

constexpr std::string_view kHasRun = "SELECT 1 FROM runs WHERE run_id = ?";
constexpr std::string_view kAddRun =
    "INSERT INTO runs (run_id, experiment, name, user_id, status, start_time, end_time, artifact_uri, deleted, "
    "deleted_time) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING id";
constexpr std::string_view kAddParam =
    "INSERT INTO run_params (run, key, experiment, hash, value) VALUES (?, ?, ?, ?, ?)";
constexpr std::string_view kAddTag = "INSERT INTO run_tags (run, key, experiment, hash, value) VALUES (?, ?, ?, ?, ?)";
constexpr std::string_view kFindDataset = "SELECT id FROM datasets WHERE experiment = ? AND name = ? AND digest = ?";
constexpr std::string_view kAddDataset =
    "INSERT INTO datasets (experiment, name, digest, source_type, source, schema, profile) "
    "VALUES (?, ?, ?, ?, ?, ?, ?) RETURNING id";
constexpr std::string_view kAddInput =
    "INSERT INTO run_datasets (run, dataset, context, tags) VALUES (?, ?, ?, ?) ON CONFLICT (run, dataset) DO NOTHING";
constexpr std::string_view kAddModel =
    "INSERT INTO run_models (run, output, model_id, step) VALUES (?, ?, ?, ?) "
    "ON CONFLICT (run, output, model_id, step) DO NOTHING";

constexpr std::string_view kHasModel = "SELECT 1 FROM logged_models WHERE model_id = ?";
constexpr std::string_view kAddLoggedModel =
    "INSERT INTO logged_models (model_id, experiment, name, artifact_uri, creation_time, last_update_time, model_type, "
    "source_run_id, status, deleted) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING id";
constexpr std::string_view kAddModelParam = "INSERT INTO logged_model_params (model, key, value) VALUES (?, ?, ?)";
constexpr std::string_view kAddModelTag = "INSERT INTO logged_model_tags (model, key, value) VALUES (?, ?, ?)";

// Points of one row of the metric log: small enough to fold in one go.
constexpr std::size_t kPointsPerRow = 10'000;

std::int64_t Number(const sql::Row& row) {
  return row.Int(0);
}

double Storable(double value) {
  if (!std::isinf(value)) return value;
  return std::copysign(std::numeric_limits<double>::max(), value);
}

Status PutInputs(sql::Writer& writer, std::int64_t id, const Run& run) {
  for (const DatasetInput& input : run.datasets) {
    const Dataset& d = input.dataset;
    const std::int64_t experiment = run.info.experiment_id;
    MARU_ASSIGN_OR_RETURN(auto dataset, writer.QueryOne(kFindDataset, {experiment, d.name, d.digest}, Number));
    if (!dataset) {
      MARU_ASSIGN_OR_RETURN(
          dataset,
          writer.QueryOne(kAddDataset, {experiment, d.name, d.digest, d.source_type, d.source, d.schema, d.profile},
                          Number));
    }
    std::optional<std::string> context;
    for (const Tag& tag : input.tags) {
      if (tag.key == "mlflow.data.context") context = tag.value;
    }
    const std::string tags = json::Encode(input.tags);
    MARU_RETURN_IF_ERROR(writer.Execute(kAddInput, {id, *dataset, context, tags}).status());
  }
  for (const std::string& model : run.model_inputs) {
    MARU_RETURN_IF_ERROR(writer.Execute(kAddModel, {id, false, model, 0}).status());
  }
  for (const ModelOutput& model : run.model_outputs) {
    MARU_RETURN_IF_ERROR(writer.Execute(kAddModel, {id, true, model.model_id, model.step}).status());
  }
  return OkStatus();
}

}  // namespace

Result<ImportService::Placed> ImportService::PutExperiment(const Caller& caller, const Experiment& experiment) {
  Placed placed;
  MARU_RETURN_IF_ERROR(database_.Write([&](sql::Writer& writer) -> Status {
    placed = {};
    MARU_ASSIGN_OR_RETURN(const auto same,
                          writer.QueryOne(kExperimentByName, {caller.workspace, experiment.name}, Number));
    placed.id = same.value_or(experiment.id);
    placed.is_new = !same;
    if (placed.is_new) {
      MARU_ASSIGN_OR_RETURN(const auto taken, writer.QueryOne(kExperimentById, {placed.id}, Number));
      if (taken) {
        MARU_ASSIGN_OR_RETURN(const auto next, writer.QueryOne(kNextId, {}, Number));
        placed.id = *next;
      } else {
        MARU_RETURN_IF_ERROR(writer.Execute(kRaiseLast, {placed.id}).status());
      }
      const std::string location = experiment.artifact_location.empty() ? fmt::format("mlflow-artifacts:/{}", placed.id)
                                                                        : experiment.artifact_location;
      MARU_RETURN_IF_ERROR(
          writer
              .Execute(kAddExperiment, {placed.id, caller.workspace, experiment.name, location, experiment.deleted,
                                        experiment.creation_time_ms, experiment.last_update_time_ms})
              .status());
      MARU_RETURN_IF_ERROR(
          events_.Append(writer, caller, "experiment.imported", fmt::format("experiment/{}", placed.id)));
    }
    for (const Tag& tag : experiment.tags) {
      MARU_RETURN_IF_ERROR(writer.Execute(kAddExperimentTag, {placed.id, tag.key, tag.value}).status());
    }
    return OkStatus();
  }));
  events_.Announce();
  return placed;
}

Result<bool> ImportService::PutRun(const Caller& caller, const Run& run, const std::vector<Series>& metrics) {
  bool is_new = false;
  NameTable::Learned learned;
  MARU_RETURN_IF_ERROR(database_.Write([&](sql::Writer& writer) -> Status {
    learned.clear();
    const RunInfo& info = run.info;
    MARU_ASSIGN_OR_RETURN(const auto there, writer.QueryOne(kHasRun, {info.run_id}, Number));
    is_new = !there;
    if (!is_new) return OkStatus();
    const sql::Args::Arg deleted_ms =
        info.deleted ? sql::Args::Arg(info.end_time_ms.value_or(info.start_time_ms)) : sql::Args::Arg(nullptr);
    MARU_ASSIGN_OR_RETURN(
        const auto id,
        writer.QueryOne(kAddRun,
                        {info.run_id, info.experiment_id, info.name, info.user_id, static_cast<int>(info.status),
                         info.start_time_ms, info.end_time_ms, info.artifact_uri, info.deleted, deleted_ms},
                        Number));
    for (const Param& param : run.params) {
      MARU_ASSIGN_OR_RETURN(const std::int64_t key, names_.GetOrAdd(writer, param.key, learned));
      MARU_RETURN_IF_ERROR(
          writer.Execute(kAddParam, {*id, key, info.experiment_id, HashOf(param.value), param.value}).status());
    }
    for (const Tag& tag : run.tags) {
      MARU_ASSIGN_OR_RETURN(const std::int64_t key, names_.GetOrAdd(writer, tag.key, learned));
      MARU_RETURN_IF_ERROR(
          writer.Execute(kAddTag, {*id, key, info.experiment_id, HashOf(tag.value), tag.value}).status());
    }
    for (const Series& series : metrics) {
      MARU_ASSIGN_OR_RETURN(const std::int64_t key, names_.GetOrAdd(writer, series.key, learned));
      for (std::size_t at = 0; at < series.points.size(); at += kPointsPerRow) {
        MetricLogPacker packer;
        for (std::size_t i = at; i < std::min(at + kPointsPerRow, series.points.size()); ++i) {
          const MetricPoint& point = series.points[i];
          packer.Add(key, {Storable(point.value), point.timestamp_ms, point.step});
        }
        MARU_RETURN_IF_ERROR(MetricStore::Append(writer, *id, packer));
      }
    }
    MARU_RETURN_IF_ERROR(PutInputs(writer, *id, run));
    return events_.Append(writer, caller, "run.imported", "run/" + info.run_id);
  }));
  names_.Remember(learned);
  events_.Announce();
  return is_new;
}

Result<bool> ImportService::PutLoggedModel(const Caller& caller, const LoggedModel& model, bool deleted) {
  bool is_new = false;
  MARU_RETURN_IF_ERROR(database_.Write([&](sql::Writer& writer) -> Status {
    MARU_ASSIGN_OR_RETURN(const auto there, writer.QueryOne(kHasModel, {model.model_id}, Number));
    is_new = !there;
    if (!is_new) return OkStatus();
    MARU_ASSIGN_OR_RETURN(const auto id,
                          writer.QueryOne(kAddLoggedModel,
                                          {model.model_id, model.experiment_id, model.name, model.artifact_uri,
                                           model.creation_time_ms, model.last_update_time_ms, model.model_type,
                                           model.source_run_id, static_cast<int>(model.status), deleted},
                                          Number));
    for (const Param& param : model.params) {
      MARU_RETURN_IF_ERROR(writer.Execute(kAddModelParam, {*id, param.key, param.value}).status());
    }
    for (const Tag& tag : model.tags) {
      MARU_RETURN_IF_ERROR(writer.Execute(kAddModelTag, {*id, tag.key, tag.value}).status());
    }
    return events_.Append(writer, caller, "logged_model.imported", "logged_model/" + model.model_id);
  }));
  events_.Announce();
  return is_new;
}

}  // namespace maru::tracking
