// Logged models: what a run saved as a model, before and beside the model registry.
//
// A model belongs to an experiment of the caller's workspace. It starts pending, and is finalized as ready or failed
// when its files are there. Deleting marks it; its rows stay until they are collected.
//
// Threads: thread-safe. Errors: kNotFound, kInvalidArgument. Events: logged_model.created, .finalized, .deleted,
// .tagged.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "maru/base/caller.h"
#include "maru/base/clock.h"
#include "maru/events/event_log.h"
#include "maru/sql/database.h"
#include "maru/tracking/entities.h"

namespace maru::tracking {

enum class LoggedModelStatus { kUnspecified = 0, kPending = 1, kReady = 2, kUploadFailed = 3 };

struct LoggedModel {
  std::string model_id;  // "m-" and 32 hex digits
  std::int64_t experiment_id = 0;
  std::string name;
  std::string artifact_uri;
  std::int64_t creation_time_ms = 0;
  std::int64_t last_update_time_ms = 0;
  std::string model_type;
  std::string source_run_id;
  LoggedModelStatus status = LoggedModelStatus::kPending;
  std::vector<Tag> tags;
  std::vector<Param> params;
  std::vector<Metric> metrics;
};

struct NewLoggedModel {
  std::int64_t experiment_id = 0;
  std::string name;  // empty: made up
  std::string model_type;
  std::string source_run_id;
  std::vector<Param> params;
  std::vector<Tag> tags;
};

struct DatasetFilter {
  std::string name;
  std::string digest;  // empty: any
};

struct LoggedModelOrder {
  std::string field;  // an attribute, or "metrics.<key>"
  bool ascending = true;
  std::string dataset_name;  // of the metric
  std::string dataset_digest;
};

struct LoggedModelQuery {
  std::vector<std::int64_t> experiment_ids;
  std::string filter;
  std::vector<DatasetFilter> datasets;
  std::int64_t max_results = 100;
  std::vector<LoggedModelOrder> order_by;
  std::string page_token;
};

class LoggedModelService {
 public:
  // All must outlive the service. Needs ExperimentService::Open to have run.
  LoggedModelService(sql::Database& database, events::EventLog& events, const Clock* clock)
      : database_(database), events_(events), clock_(clock) {}

  Result<LoggedModel> Create(const Caller& caller, NewLoggedModel model);
  Result<LoggedModel> Get(const Caller& caller, std::string_view model_id, bool allow_deleted = false);
  Result<LoggedModel> Finalize(const Caller& caller, std::string_view model_id, LoggedModelStatus status);
  Status Delete(const Caller& caller, std::string_view model_id);
  Status SetTags(const Caller& caller, std::string_view model_id, const std::vector<Tag>& tags);
  Status DeleteTag(const Caller& caller, std::string_view model_id, std::string_view key);
  Status LogParams(const Caller& caller, std::string_view model_id, const std::vector<Param>& params);
  Result<Page<LoggedModel>> Search(const Caller& caller, const LoggedModelQuery& query);

 private:
  // Runs `write` on the model's number, and appends the event, in one transaction.
  Status Change(const Caller& caller, std::string_view model_id, std::string_view event,
                absl::FunctionRef<Status(sql::Writer&, std::int64_t)> write);

  sql::Database& database_;
  events::EventLog& events_;
  const Clock* const clock_;
};

}  // namespace maru::tracking
