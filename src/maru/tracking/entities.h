// The nouns of tracking as plain data: experiments, runs and what is logged to them. Times are ms since the epoch.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "maru/tracking/metric_point.h"

namespace maru::tracking {

struct Tag {
  std::string key;
  std::string value;
  bool operator==(const Tag&) const = default;
};

struct Param {
  std::string key;
  std::string value;
};

struct Metric {
  std::string key;
  MetricPoint point;
  std::string model_id;      // the logged model that it measures; empty: none
  std::string dataset_name;  // what it was measured on
  std::string dataset_digest;
  std::string run_id;  // filled where metrics of several runs are together
};

enum class ViewType { kActiveOnly = 1, kDeletedOnly = 2, kAll = 3 };  // numbers as in MLflow's protos

enum class RunStatus { kRunning = 1, kScheduled = 2, kFinished = 3, kFailed = 4, kKilled = 5 };
std::string_view RunStatusName(RunStatus status);  // "RUNNING"
std::optional<RunStatus> ParseRunStatus(std::string_view name);

struct Experiment {
  std::int64_t id = 0;
  std::string name;
  std::string artifact_location;
  bool deleted = false;
  std::int64_t creation_time_ms = 0;
  std::int64_t last_update_time_ms = 0;
  std::vector<Tag> tags;
};

struct RunInfo {
  std::string run_id;  // 32 hex digits
  std::int64_t experiment_id = 0;
  std::string name;
  std::string user_id;
  RunStatus status = RunStatus::kRunning;
  std::int64_t start_time_ms = 0;
  std::optional<std::int64_t> end_time_ms;
  std::string artifact_uri;
  bool deleted = false;
};

struct Dataset {
  std::string name;
  std::string digest;
  std::string source_type;
  std::string source;
  std::optional<std::string> schema;
  std::optional<std::string> profile;
};

struct DatasetInput {
  Dataset dataset;
  std::vector<Tag> tags;
};

struct ModelOutput {
  std::string model_id;
  std::int64_t step = 0;
};

struct Run {
  RunInfo info;
  std::vector<Metric> metrics;  // the latest of each key
  std::vector<Param> params;
  std::vector<Tag> tags;
  std::vector<DatasetInput> datasets;
  std::vector<std::string> model_inputs;
  std::vector<ModelOutput> model_outputs;
};

struct DatasetSummary {
  std::int64_t experiment_id = 0;
  std::string name;
  std::string digest;
  std::optional<std::string> context;
};

// One page of a search; an empty token means that there is no more.
template <typename T>
struct Page {
  std::vector<T> items;
  std::string next_page_token;
};

}  // namespace maru::tracking
