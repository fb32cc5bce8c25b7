// What is logged to a run: metrics, params and tags, alone and in batches.
#include <algorithm>
#include <cmath>
#include <limits>
#include <unordered_map>

#include "maru/json/json.h"
#include "maru/tracking/run_service.h"
#include "maru/tracking/validation.h"
#include "maru/tracking/value_hash.h"

namespace maru::tracking {
namespace {

constexpr std::string_view kAddParam =
    "INSERT INTO run_params (run, key, experiment, hash, value) VALUES (?, ?, ?, ?, ?) ON CONFLICT (run, key) DO "
    "NOTHING";
constexpr std::string_view kGetParam = "SELECT value FROM run_params WHERE run = ? AND key = ?";
constexpr std::string_view kGetTag = "SELECT value FROM run_tags WHERE run = ? AND key = ?";
constexpr std::string_view kAddModelMetric =
    "INSERT INTO logged_model_metrics (model, key, time_ms, step, run_id, is_nan, value, dataset_name, dataset_digest) "
    "SELECT id, ?, ?, ?, ?, ?, ?, ?, ? FROM logged_models WHERE model_id = ? "
    "ON CONFLICT (model, key, time_ms, step, run_id) DO NOTHING";

constexpr std::string_view kModelHistory = "mlflow.log-model.history";

// SQL cannot hold infinities everywhere, so the peer keeps the largest finite numbers, and clients expect those.
double Storable(double value) {
  if (!std::isinf(value)) return value;
  return value > 0 ? std::numeric_limits<double>::max() : std::numeric_limits<double>::lowest();
}

struct Conflict {
  const Param* param;
  std::string old_value;
};

Status RefuseChange(std::string_view run_id, const std::vector<Conflict>& conflicts, bool batch) {
  if (!batch) {
    const Conflict& c = conflicts.front();
    return InvalidArgument(
        "Changing param values is not allowed. Param with key='{}' was already logged with value='{}' "
        "for run ID='{}'. Attempted logging new value '{}'.",
        c.param->key, c.old_value, run_id, c.param->value);
  }
  std::string list;
  for (const Conflict& c : conflicts) {
    list += fmt::format("{}{{'key': '{}', 'old_value': '{}', 'new_value': '{}'}}", list.empty() ? "" : ", ",
                        c.param->key, c.old_value, c.param->value);
  }
  return InvalidArgument("Changing param values is not allowed. Params were already logged='[{}]' for run ID='{}'.",
                         list, run_id);
}

}  // namespace

Status RunService::PutParams(sql::Writer& writer, const Target& run, std::string_view run_id,
                             const std::vector<Param>& params, bool batch, NameTable::Learned& learned) const {
  std::vector<Conflict> conflicts;
  for (const Param& param : params) {
    MARU_ASSIGN_OR_RETURN(const std::int64_t key, names_.GetOrAdd(writer, param.key, learned));
    MARU_ASSIGN_OR_RETURN(const std::int64_t added,
                          writer.Execute(kAddParam, {run.id, key, run.experiment, HashOf(param.value), param.value}));
    if (added > 0) continue;
    MARU_ASSIGN_OR_RETURN(auto old,
                          writer.QueryOne(kGetParam, {run.id, key}, [](const sql::Row& row) { return row.String(0); }));
    if (old && *old != param.value) conflicts.push_back({&param, *std::move(old)});
  }
  return conflicts.empty() ? OkStatus() : RefuseChange(run_id, conflicts, batch);
}

Status RunService::PutMetrics(sql::Writer& writer, const Target& run, std::string_view run_id,
                              const std::vector<Metric>& metrics, NameTable::Learned& learned) const {
  MetricLogPacker packer;
  for (const Metric& metric : metrics) {
    MARU_ASSIGN_OR_RETURN(const std::int64_t key, names_.GetOrAdd(writer, metric.key, learned));
    const MetricPoint point{Storable(metric.point.value), metric.point.timestamp_ms, metric.point.step};
    packer.Add(key, point);
    if (metric.model_id.empty()) continue;
    MARU_RETURN_IF_ERROR(writer
                             .Execute(kAddModelMetric, {metric.key, point.timestamp_ms, point.step, run_id,
                                                        std::isnan(point.value), OrderValue(point.value),
                                                        metric.dataset_name, metric.dataset_digest, metric.model_id})
                             .status());
  }
  return packer.empty() ? OkStatus() : MetricStore::Append(writer, run.id, packer);
}

Status RunService::Log(const Caller& caller, std::string_view run_id, const Batch& batch, bool is_batch) {
  if (!batch.metrics.empty()) MARU_RETURN_IF_ERROR(metrics_.Admit());
  NameTable::Learned learned;
  MARU_RETURN_IF_ERROR(Change(caller, run_id, "run.logged", [&](sql::Writer& writer, const Target& run) -> Status {
    learned.clear();
    MARU_RETURN_IF_ERROR(PutParams(writer, run, run_id, batch.params, is_batch, learned));
    MARU_RETURN_IF_ERROR(PutMetrics(writer, run, run_id, batch.metrics, learned));
    for (const Tag& tag : batch.tags) MARU_RETURN_IF_ERROR(PutTag(writer, run, tag, learned));
    return OkStatus();
  }));
  names_.Remember(learned);
  if (!batch.metrics.empty()) {
    metrics_.Appended();
    compactor_.Notice();
  }
  return OkStatus();
}

Status RunService::LogMetric(const Caller& caller, std::string_view run_id, Metric metric) {
  MARU_RETURN_IF_ERROR(ValidateMetric(metric));
  Batch batch;
  batch.metrics.push_back(std::move(metric));
  return Log(caller, run_id, batch, false);
}

Status RunService::LogParam(const Caller& caller, std::string_view run_id, Param param) {
  MARU_RETURN_IF_ERROR(ValidateParam(param));
  Batch batch;
  batch.params.push_back(std::move(param));
  return Log(caller, run_id, batch, false);
}

Status RunService::SetTag(const Caller& caller, std::string_view run_id, Tag tag) {
  MARU_RETURN_IF_ERROR(ValidateTag(tag));
  Batch batch;
  batch.tags.push_back(std::move(tag));
  return Log(caller, run_id, batch, false);
}

Status RunService::LogBatch(const Caller& caller, std::string_view run_id, Batch batch) {
  MARU_RETURN_IF_ERROR(ValidateRunId(run_id));
  MARU_RETURN_IF_ERROR(ValidateBatch(batch.metrics, batch.params, batch.tags));
  return Log(caller, run_id, batch, true);
}

Status RunService::RecordModel(const Caller& caller, std::string_view run_id, std::string_view model) {
  NameTable::Learned learned;
  MARU_RETURN_IF_ERROR(Change(caller, run_id, "run.logged", [&](sql::Writer& writer, const Target& run) -> Status {
    learned.clear();
    MARU_ASSIGN_OR_RETURN(const std::int64_t key, names_.GetOrAdd(writer, kModelHistory, learned));
    MARU_ASSIGN_OR_RETURN(auto history,
                          writer.QueryOne(kGetTag, {run.id, key}, [](const sql::Row& row) { return row.String(0); }));
    Tag tag{std::string(kModelHistory), fmt::format("[{}]", model)};
    if (history) {
      auto models = json::Decode<std::vector<json::Raw>>(*history);
      if (models.ok()) {
        models->push_back({std::string(model)});
        tag.value = json::Encode(*models);
      }
    }
    if (CharacterCount(tag.value) > 8000)
      return InvalidArgument("'value' exceeds the maximum length of 8000 characters");
    return PutTag(writer, run, tag, learned);
  }));
  names_.Remember(learned);
  return OkStatus();
}

}  // namespace maru::tracking
