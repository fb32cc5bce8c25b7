#include "maru/api/mlflow/tracking_shapes.h"

namespace maru::api::mlflow {
namespace {

std::string Stage(bool deleted) {
  return deleted ? "deleted" : "active";
}

std::optional<std::string> NotEmpty(std::string text) {
  return text.empty() ? std::nullopt : std::optional(std::move(text));
}

}  // namespace

ExperimentJson ToJson(tracking::Experiment e) {
  return {.experiment_id = std::to_string(e.id),
          .name = std::move(e.name),
          .artifact_location = std::move(e.artifact_location),
          .lifecycle_stage = Stage(e.deleted),
          .last_update_time = e.last_update_time_ms,
          .creation_time = e.creation_time_ms,
          .tags = ToKeyValues(std::move(e.tags))};
}

MetricJson ToJson(tracking::Metric m) {
  return {.key = std::move(m.key),
          .value = m.point.value,
          .timestamp = m.point.timestamp_ms,
          .step = m.point.step,
          .dataset_name = NotEmpty(std::move(m.dataset_name)),
          .dataset_digest = NotEmpty(std::move(m.dataset_digest)),
          .model_id = NotEmpty(std::move(m.model_id)),
          .run_id = NotEmpty(std::move(m.run_id))};
}

RunInfoJson ToJson(tracking::RunInfo info) {
  return {.run_uuid = info.run_id,
          .run_id = info.run_id,
          .run_name = std::move(info.name),
          .experiment_id = std::to_string(info.experiment_id),
          .user_id = std::move(info.user_id),
          .status = std::string(tracking::RunStatusName(info.status)),
          .start_time = info.start_time_ms,
          .end_time = info.end_time_ms,
          .artifact_uri = std::move(info.artifact_uri),
          .lifecycle_stage = Stage(info.deleted)};
}

RunJson ToJson(tracking::Run run) {
  RunJson out;
  out.info = ToJson(std::move(run.info));
  out.data.params = ToKeyValues(std::move(run.params));
  out.data.tags = ToKeyValues(std::move(run.tags));
  out.data.metrics.reserve(run.metrics.size());
  for (tracking::Metric& m : run.metrics) out.data.metrics.push_back(ToJson(std::move(m)));
  for (tracking::DatasetInput& input : run.datasets) {
    tracking::Dataset& d = input.dataset;
    out.inputs.dataset_inputs.push_back({.tags = ToKeyValues(std::move(input.tags)),
                                         .dataset = DatasetJson{.name = std::move(d.name),
                                                                .digest = std::move(d.digest),
                                                                .source_type = std::move(d.source_type),
                                                                .source = std::move(d.source),
                                                                .schema = std::move(d.schema),
                                                                .profile = std::move(d.profile)}});
  }
  for (std::string& model : run.model_inputs) out.inputs.model_inputs.push_back({std::move(model)});
  if (!run.model_outputs.empty()) {
    out.outputs.emplace();
    for (tracking::ModelOutput& o : run.model_outputs)
      out.outputs->model_outputs.push_back({std::move(o.model_id), o.step});
  }
  return out;
}

tracking::DatasetInput FromJson(DatasetInputJson input) {
  tracking::DatasetInput out;
  out.tags = FromKeyValues<tracking::Tag>(std::move(input.tags));
  if (input.dataset) {
    DatasetJson& d = *input.dataset;
    out.dataset = {.name = std::move(d.name),
                   .digest = std::move(d.digest),
                   .source_type = std::move(d.source_type),
                   .source = std::move(d.source),
                   .schema = std::move(d.schema),
                   .profile = std::move(d.profile)};
  }
  return out;
}

Result<tracking::ViewType> ReadViewType(std::string_view parameter, const json::Raw& sent) {
  static constexpr EnumName kNames[] = {{"ACTIVE_ONLY", 1}, {"DELETED_ONLY", 2}, {"ALL", 3}};
  MARU_ASSIGN_OR_RETURN(const std::optional<int> number, ReadEnum(parameter, sent, kNames));
  return static_cast<tracking::ViewType>(number.value_or(1));
}

}  // namespace maru::api::mlflow
