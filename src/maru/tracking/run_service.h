// Runs and what is logged to them: params, tags, metrics, datasets, models.
//
// A run belongs to an experiment of the caller's workspace; others are not found. Params never change once logged. What
// is logged is durable when a call returns. Metrics of one request cost one row; see metric_store.h for what becomes of
// them.
//
// Threads: thread-safe. Errors: kNotFound for runs and experiments, kInvalidArgument for what cannot be logged and for
// deleted runs, kResourceExhausted when metrics arrive faster than they can be stored.
// Events: run.created, .updated, .deleted, .restored, .logged (metrics, params, tags), .inputs_logged, .outputs_logged.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "maru/base/caller.h"
#include "maru/base/clock.h"
#include "maru/events/event_log.h"
#include "maru/sql/database.h"
#include "maru/tracking/compactor.h"
#include "maru/tracking/entities.h"
#include "maru/tracking/metric_store.h"
#include "maru/tracking/name_table.h"
#include "maru/tracking/run_table.h"

namespace maru::tracking {

struct NewRun {
  std::int64_t experiment_id = 0;
  std::string user_id;
  std::int64_t start_time_ms = 0;
  std::string name;  // empty: from the tag mlflow.runName, or made up
  std::vector<Tag> tags;
};

struct RunUpdate {
  std::optional<RunStatus> status;
  std::optional<std::int64_t> end_time_ms;
  std::string name;  // empty: stays
};

struct Batch {
  std::vector<Metric> metrics;
  std::vector<Param> params;
  std::vector<Tag> tags;
};

struct RunQuery {
  std::vector<std::int64_t> experiment_ids;
  std::string filter;
  ViewType view = ViewType::kActiveOnly;
  std::int64_t max_results = 1000;
  std::vector<std::string> order_by;
  std::string page_token;
};

struct StepRange {
  std::int64_t first = 0;
  std::int64_t last = 0;  // included
};

class RunService {
 public:
  // All must outlive the service. Needs ExperimentService::Open to have run.
  RunService(sql::Database& database, events::EventLog& events, const Clock* clock);

  // Starts the compactor. Call once.
  Status Open();

  Result<Run> Create(const Caller& caller, NewRun run);
  Result<Run> Get(const Caller& caller, std::string_view run_id);
  // Where its artifacts lie, without reading anything else of the run.
  Result<std::string> ArtifactUri(const Caller& caller, std::string_view run_id);
  Result<RunInfo> Update(const Caller& caller, std::string_view run_id, const RunUpdate& update);
  Status Delete(const Caller& caller, std::string_view run_id);
  Status Restore(const Caller& caller, std::string_view run_id);

  Status LogMetric(const Caller& caller, std::string_view run_id, Metric metric);
  Status LogParam(const Caller& caller, std::string_view run_id, Param param);
  Status SetTag(const Caller& caller, std::string_view run_id, Tag tag);
  Status DeleteTag(const Caller& caller, std::string_view run_id, std::string_view key);
  Status LogBatch(const Caller& caller, std::string_view run_id, Batch batch);
  // Appends to the tag mlflow.log-model.history; `model` is a JSON object.
  Status RecordModel(const Caller& caller, std::string_view run_id, std::string_view model);

  Status LogInputs(const Caller& caller, std::string_view run_id, const std::vector<DatasetInput>& datasets,
                   const std::vector<std::string>& models);
  Status LogOutputs(const Caller& caller, std::string_view run_id, const std::vector<ModelOutput>& models);

  Result<Page<Run>> Search(const Caller& caller, const RunQuery& query);
  // run_table.h
  Result<RunTable> Table(const Caller& caller, const TableQuery& query);
  // kNotFound for an experiment that is not in the workspace.
  Result<KeyNames> Keys(const Caller& caller, std::int64_t experiment_id, std::int64_t limit);
  Result<std::vector<DatasetSummary>> SearchDatasets(const Caller& caller,
                                                     const std::vector<std::int64_t>& experiment_ids);

  // Every point of a series, by time, step and value; without `max_results` all of them in one page.
  Result<Page<MetricPoint>> MetricHistory(const Caller& caller, std::string_view run_id, std::string_view key,
                                          std::optional<std::int64_t> max_results = {},
                                          std::string_view page_token = {});
  // At most `points_max` points of a series, evenly spaced in their order by step, the first and the last among them.
  Result<std::vector<MetricPoint>> SampleMetric(const Caller& caller, std::string_view run_id, std::string_view key,
                                                std::size_t points_max, std::optional<StepRange> range = {});
  // A line that looks like the whole series at about `pixels` width: the lowest and the highest point of each stretch.
  Result<std::vector<MetricPoint>> ChartMetric(const Caller& caller, std::string_view run_id, std::string_view key,
                                               std::size_t pixels, std::optional<StepRange> range = {});

 private:
  // A run as a write needs it.
  struct Target {
    std::int64_t id = 0;
    std::int64_t experiment = 0;
    bool deleted = false;
  };
  static Result<Target> Find(sql::Reader& reader, const Caller& caller, std::string_view run_id);
  static Result<Target> FindActive(sql::Reader& reader, const Caller& caller, std::string_view run_id);
  // Runs `write` on an active run, and appends the event, in one transaction.
  Status Change(const Caller& caller, std::string_view run_id, std::string_view event,
                absl::FunctionRef<Status(sql::Writer&, const Target&)> write);
  Status SetDeleted(const Caller& caller, std::string_view run_id, bool deleted);
  Status PutTag(sql::Writer& writer, const Target& run, const Tag& tag, NameTable::Learned& learned) const;
  Status PutParams(sql::Writer& writer, const Target& run, std::string_view run_id, const std::vector<Param>& params,
                   bool batch, NameTable::Learned& learned) const;
  Status PutMetrics(sql::Writer& writer, const Target& run, std::string_view run_id, const std::vector<Metric>& metrics,
                    NameTable::Learned& learned) const;
  Status Log(const Caller& caller, std::string_view run_id, const Batch& batch, bool is_batch);

  sql::Database& database_;
  events::EventLog& events_;
  const Clock* const clock_;
  NameTable names_;
  MetricStore metrics_;
  Compactor compactor_;
};

}  // namespace maru::tracking
