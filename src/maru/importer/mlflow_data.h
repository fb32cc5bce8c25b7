// What an MLflow holds, as an import reads it. Plain data; times are milliseconds since the Unix epoch.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace maru::importer {

using Pairs = std::vector<std::pair<std::string, std::string>>;  // key and value

struct Experiment {
  std::string workspace = "default";
  std::int64_t id = 0;
  std::string name;
  std::string artifact_location;
  bool deleted = false;
  std::int64_t creation_time_ms = 0;
  std::int64_t last_update_time_ms = 0;
  Pairs tags;
};

struct MetricPoint {
  double value = 0;
  std::int64_t timestamp_ms = 0;
  std::int64_t step = 0;
};

struct MetricSeries {
  std::string key;
  std::vector<MetricPoint> points;  // the whole history, in the order logged
};

struct DatasetInput {
  std::string name, digest, source_type, source;
  std::optional<std::string> schema, profile;
  Pairs tags;
};

struct ModelOutput {
  std::string model_id;
  std::int64_t step = 0;
};

struct Run {
  std::string run_id;
  std::int64_t experiment_id = 0;
  std::string name;
  std::string user_id;
  std::string status;  // MLflow's name: "FINISHED"
  std::int64_t start_time_ms = 0;
  std::optional<std::int64_t> end_time_ms;
  std::string artifact_uri;
  bool deleted = false;
  Pairs params, tags;
  std::vector<MetricSeries> metrics;
  std::vector<DatasetInput> datasets;
  std::vector<std::string> model_inputs;
  std::vector<ModelOutput> model_outputs;
};

struct LoggedModel {
  std::string model_id;
  std::int64_t experiment_id = 0;
  std::string name;
  std::string artifact_uri;
  std::int64_t creation_time_ms = 0;
  std::int64_t last_update_time_ms = 0;
  int status = 2;  // MLflow's number: 1 pending, 2 ready, 3 upload failed
  std::string model_type;
  std::string source_run_id;
  bool deleted = false;
  Pairs params, tags;
};

struct ModelVersion {
  std::int64_t version = 0;
  std::int64_t creation_time_ms = 0;
  std::int64_t last_update_time_ms = 0;
  std::optional<std::string> description;
  std::string user_id, stage, source, storage_location, run_id, run_link;
  Pairs tags;
};

struct RegisteredModel {
  std::string workspace = "default";
  std::string name;
  std::int64_t creation_time_ms = 0;
  std::int64_t last_update_time_ms = 0;
  std::optional<std::string> description;
  Pairs tags;
  std::vector<ModelVersion> versions;
  std::vector<std::pair<std::string, std::int64_t>> aliases;
};

}  // namespace maru::importer
