// JSON of tracking's nouns, as mlflow/protos/service.proto spells them, and their translation from and to the domain.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "maru/api/mlflow/required.h"
#include "maru/json/json.h"
#include "maru/tracking/entities.h"

namespace maru::api::mlflow {

struct KeyValue {  // a tag or a param
  std::string key;
  std::string value;
};
BOOST_DESCRIBE_STRUCT(KeyValue, (), (key, value))

template <typename Pair>
std::vector<Pair> FromKeyValues(std::vector<KeyValue> pairs) {
  std::vector<Pair> out;
  out.reserve(pairs.size());
  for (KeyValue& p : pairs) out.push_back({std::move(p.key), std::move(p.value)});
  return out;
}
template <typename Pair>
std::vector<KeyValue> ToKeyValues(std::vector<Pair> pairs) {
  std::vector<KeyValue> out;
  out.reserve(pairs.size());
  for (Pair& p : pairs) out.push_back({std::move(p.key), std::move(p.value)});
  return out;
}

struct ExperimentJson {
  std::string experiment_id;
  std::string name;
  std::string artifact_location;
  std::string lifecycle_stage;
  std::int64_t last_update_time = 0;
  std::int64_t creation_time = 0;
  std::vector<KeyValue> tags;
};
BOOST_DESCRIBE_STRUCT(ExperimentJson, (),
                      (experiment_id, name, artifact_location, lifecycle_stage, last_update_time, creation_time, tags))

struct MetricJson {
  std::string key;
  double value = 0;
  std::int64_t timestamp = 0;
  std::int64_t step = 0;
  std::optional<std::string> dataset_name;
  std::optional<std::string> dataset_digest;
  std::optional<std::string> model_id;
  std::optional<std::string> run_id;
};
BOOST_DESCRIBE_STRUCT(MetricJson, (), (key, value, timestamp, step, dataset_name, dataset_digest, model_id, run_id))

struct RunInfoJson {
  std::string run_uuid;
  std::string run_id;
  std::string run_name;
  std::string experiment_id;
  std::string user_id;
  std::string status;
  std::int64_t start_time = 0;
  std::optional<std::int64_t> end_time;
  std::string artifact_uri;
  std::string lifecycle_stage;
};
BOOST_DESCRIBE_STRUCT(RunInfoJson, (),
                      (run_uuid, run_id, run_name, experiment_id, user_id, status, start_time, end_time, artifact_uri,
                       lifecycle_stage))

struct RunDataJson {
  std::vector<MetricJson> metrics;
  std::vector<KeyValue> params;
  std::vector<KeyValue> tags;
};
BOOST_DESCRIBE_STRUCT(RunDataJson, (), (metrics, params, tags))

struct DatasetJson {
  std::string name;
  std::string digest;
  std::string source_type;
  std::string source;
  std::optional<std::string> schema;
  std::optional<std::string> profile;
};
BOOST_DESCRIBE_STRUCT(DatasetJson, (), (name, digest, source_type, source, schema, profile))

struct DatasetInputJson {
  std::vector<KeyValue> tags;
  std::optional<DatasetJson> dataset;
};
BOOST_DESCRIBE_STRUCT(DatasetInputJson, (), (tags, dataset))

struct ModelInputJson {
  std::string model_id;
};
BOOST_DESCRIBE_STRUCT(ModelInputJson, (), (model_id))

struct ModelOutputJson {
  std::string model_id;
  std::int64_t step = 0;
};
BOOST_DESCRIBE_STRUCT(ModelOutputJson, (), (model_id, step))

struct RunInputsJson {
  std::vector<DatasetInputJson> dataset_inputs;
  std::vector<ModelInputJson> model_inputs;
};
BOOST_DESCRIBE_STRUCT(RunInputsJson, (), (dataset_inputs, model_inputs))

struct RunOutputsJson {
  std::vector<ModelOutputJson> model_outputs;
};
BOOST_DESCRIBE_STRUCT(RunOutputsJson, (), (model_outputs))

struct RunJson {
  RunInfoJson info;
  RunDataJson data;
  RunInputsJson inputs;
  std::optional<RunOutputsJson> outputs;
};
BOOST_DESCRIBE_STRUCT(RunJson, (), (info, data, inputs, outputs))

ExperimentJson ToJson(tracking::Experiment experiment);
RunInfoJson ToJson(tracking::RunInfo info);
RunJson ToJson(tracking::Run run);
MetricJson ToJson(tracking::Metric metric);
tracking::DatasetInput FromJson(DatasetInputJson input);

Result<tracking::ViewType> ReadViewType(std::string_view parameter, const json::Raw& sent);

}  // namespace maru::api::mlflow
