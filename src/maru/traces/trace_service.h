// Traces: what happened inside one request of an application, span by span, and what people and judges think of it.
//
// A trace may be written twice, in either order: its spans come over OTLP as they end, its record (name, previews,
// metadata) from MLflow's client when it is done. Both ways create it. What the record says wins over what spans imply.
//
// Everything is seen through the caller's workspace; a trace of another one does not exist. Events: trace.started,
// trace.ended, trace.deleted, assessment.created, assessment.updated, assessment.deleted.
//
// Threads: TraceService is thread-safe; calls block on the database.
// Errors: kNotFound, kInvalidArgument, kFailedPrecondition (the trace's spans are not in this store),
// kResourceExhausted (a trace too large to send at once).
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "maru/base/caller.h"
#include "maru/base/clock.h"
#include "maru/events/event_log.h"
#include "maru/sql/database.h"
#include "maru/traces/experiment_source.h"
#include "maru/traces/span.h"
#include "maru/traces/trace.h"

namespace maru::traces {

struct TraceQuery {
  std::vector<std::string> experiment_ids;  // one at least
  std::string filter;                       // MLflow's filter language
  std::vector<std::string> order_by;        // newest first when empty
  int max_results = 100;
  std::string page_token;
};

// Which traces of an experiment go: those by id, or the oldest ones up to a time.
struct TraceDeletion {
  std::string experiment_id;
  std::vector<std::string> trace_ids;
  std::optional<std::int64_t> max_timestamp_ms;
  std::optional<std::int64_t> max_traces;
};

// Members that are set replace what is there; metadata is merged.
struct AssessmentUpdate {
  std::optional<std::string> name;
  std::optional<std::string> feedback_value;     // JSON
  std::optional<std::string> feedback_error;     // JSON; only with feedback_value
  std::optional<std::string> expectation_value;  // JSON
  std::optional<std::string> rationale;
  Labels metadata;
};

// How two filters go together over the traces of some experiments (normalised pointwise mutual information).
struct Correlation {
  std::int64_t filter1_count = 0, filter2_count = 0, joint_count = 0, total_count = 0;
  double npmi = 0;  // from -1 (never together) to 1 (always together); NaN when one of them never holds
  double npmi_smoothed = 0;
};

class TraceService {
 public:
  // All must outlive the service. Creates the tables.
  static Result<std::unique_ptr<TraceService>> Open(sql::Database& database, events::EventLog& events,
                                                    ExperimentSource& experiments, const Clock* clock);

  // Creates the trace, or completes the one that spans have made. Returns what is stored.
  Result<TraceInfo> StartTrace(const Caller& caller, TraceInfo info);
  // Completes a trace of MLflow's version 2 clients, whose record comes in two calls.
  Result<TraceInfo> EndTrace(const Caller& caller, std::string_view trace_id, std::int64_t end_ms, std::string state,
                             Labels metadata, Labels tags);
  // Stores spans, each under its trace; one that is there already is replaced.
  Status LogSpans(const Caller& caller, std::string_view experiment_id, SpanBatch batch);

  Result<TraceInfo> GetInfo(const Caller& caller, std::string_view trace_id);
  // With allow_partial false it waits up to three seconds for spans that the record announces.
  Result<Trace> GetTrace(const Caller& caller, std::string_view trace_id, bool allow_partial);
  // In the order of the ids, without those that are not there; and, of GetTraces, without incomplete ones.
  Result<std::vector<Trace>> GetTraces(const Caller& caller, const std::vector<std::string>& trace_ids,
                                       const std::optional<std::vector<std::string>>& experiment_ids);
  Result<std::vector<TraceInfo>> GetInfos(const Caller& caller, const std::vector<std::string>& trace_ids,
                                          const std::optional<std::vector<std::string>>& experiment_ids);
  Result<TracePage> Search(const Caller& caller, const TraceQuery& query);
  Result<Correlation> Correlate(const Caller& caller, const std::vector<std::string>& experiment_ids,
                                std::string_view filter1, std::string_view filter2, std::string_view base_filter);

  Status SetTag(const Caller& caller, std::string_view trace_id, std::string key, std::string value);
  Status DeleteTag(const Caller& caller, std::string_view trace_id, std::string_view key);
  // How many went.
  Result<std::int64_t> Delete(const Caller& caller, const TraceDeletion& deletion);
  Status LinkToRun(const Caller& caller, const std::vector<std::string>& trace_ids, std::string_view run_id);
  // Prompts as "name/version".
  Status LinkPrompts(const Caller& caller, std::string_view trace_id, const std::vector<std::string>& prompts);

  Result<Assessment> CreateAssessment(const Caller& caller, Assessment assessment);
  Result<Assessment> GetAssessment(const Caller& caller, std::string_view trace_id, std::string_view assessment_id);
  Result<Assessment> UpdateAssessment(const Caller& caller, std::string_view trace_id, std::string_view assessment_id,
                                      AssessmentUpdate update);
  // OK when it was not there. One that it had replaced becomes valid again.
  Status DeleteAssessment(const Caller& caller, std::string_view trace_id, std::string_view assessment_id);

  sql::Database& database() { return database_; }

 private:
  TraceService(sql::Database& database, events::EventLog& events, ExperimentSource& experiments, const Clock* clock)
      : database_(database), events_(events), experiments_(experiments), clock_(clock) {}

  Result<Experiment> ActiveExperiment(const Caller& caller, std::string_view experiment_id);
  // Appends what became of a trace whose state was `before` ("" when it did not exist).
  Status AppendChange(sql::Writer& writer, const Caller& caller, std::string_view trace_id,
                      std::string_view experiment_id, std::string_view before, std::string_view after);
  Status Write(absl::FunctionRef<Status(sql::Writer&)> write);  // Database::Write, then Announce
  // Empty when the record announces more spans than there are.
  Result<std::optional<Trace>> ReadTrace(const Caller& caller, std::string_view trace_id, bool allow_partial);

  sql::Database& database_;
  events::EventLog& events_;
  ExperimentSource& experiments_;
  const Clock* const clock_;

  // Waits until spans have been logged since `seen` arrivals. False at the deadline, and at once when too many wait.
  bool WaitForArrival(std::uint64_t seen, std::chrono::steady_clock::time_point deadline);
  std::uint64_t Arrivals();

  // Those who wait for spans under way.
  std::mutex arrival_mutex_;
  std::condition_variable arrival_;
  std::uint64_t arrivals_ = 0;
  int waiting_ = 0;
};

}  // namespace maru::traces
