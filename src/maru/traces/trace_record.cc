// TraceService: the record of a trace, its tags and links.
#include <absl/container/flat_hash_set.h>

#include "maru/base/ids.h"
#include "maru/json/json.h"
#include "maru/traces/keys.h"
#include "maru/traces/schema.h"
#include "maru/traces/trace_rows.h"
#include "maru/traces/trace_service.h"

namespace maru::traces {
namespace {

constexpr std::size_t kLinksMax = 100;
constexpr std::chrono::milliseconds kWaitForSpans{200};

struct EventPayload {
  std::string experiment_id;
  std::string state;
};
BOOST_DESCRIBE_STRUCT(EventPayload, (), (experiment_id, state))

bool IsOpen(std::string_view state) {
  return state.empty() || state == kInProgress;
}

}  // namespace

Result<std::unique_ptr<TraceService>> TraceService::Open(sql::Database& database, events::EventLog& events,
                                                         ExperimentSource& experiments, const Clock* clock) {
  MARU_RETURN_IF_ERROR(CreateSchema(database));
  return std::unique_ptr<TraceService>(new TraceService(database, events, experiments, clock));
}

Status TraceService::Write(absl::FunctionRef<Status(sql::Writer&)> write) {
  MARU_RETURN_IF_ERROR(database_.Write(write));
  events_.Announce();
  return OkStatus();
}

Result<Experiment> TraceService::ActiveExperiment(const Caller& caller, std::string_view experiment_id) {
  MARU_ASSIGN_OR_RETURN(Experiment experiment, experiments_.FindExperiment(caller, experiment_id));
  if (!experiment.active) {
    return InvalidArgument("The experiment {} must be in the 'active' state. Current state is deleted.", experiment_id);
  }
  return experiment;
}

Status TraceService::AppendChange(sql::Writer& writer, const Caller& caller, std::string_view trace_id,
                                  std::string_view experiment_id, std::string_view before, std::string_view after) {
  std::string_view type;
  if (before.empty() && after == kInProgress)
    type = "trace.started";
  else if (IsOpen(before) && !IsOpen(after))
    type = "trace.ended";
  else
    return OkStatus();
  return events_.Append(writer, caller, type, fmt::format("trace/{}", trace_id),
                        json::Encode(EventPayload{std::string(experiment_id), std::string(after)}));
}

Result<TraceInfo> TraceService::StartTrace(const Caller& caller, TraceInfo info) {
  if (info.trace_id.empty())
    return InvalidArgument("Missing value for required parameter 'trace.trace_info.trace_id'.");
  MARU_ASSIGN_OR_RETURN(const Experiment experiment, ActiveExperiment(caller, info.experiment_id));
  const std::string artifacts = fmt::format("{}/traces/{}/artifacts", experiment.artifact_location, info.trace_id);
  MARU_ASSIGN_OR_RETURN(const Promoted own, Promote(info.tags, info.metadata));
  const std::int64_t now = clock_->NowMs();
  for (Assessment& assessment : info.assessments) {
    if (assessment.id.empty()) assessment.id = "a-" + NewUuidHex();
    if (assessment.created_ms == 0) assessment.created_ms = now;
    if (assessment.updated_ms == 0) assessment.updated_ms = assessment.created_ms;
  }

  MARU_RETURN_IF_ERROR(Write([&](sql::Writer& w) -> Status {
    MARU_ASSIGN_OR_RETURN(const auto before, w.QueryOne("SELECT state FROM traces WHERE workspace = ? AND trace_id = ?",
                                                        {caller.workspace, info.trace_id},
                                                        [](const sql::Row& row) { return row.String(0); }));
    MARU_ASSIGN_OR_RETURN(
        const auto row,
        w.QueryOne(
            "INSERT INTO traces (workspace, trace_id, experiment_id, request_time_ms, execution_ms, state, name, "
            "client_request_id, request_preview, response_preview, session_id, input_tokens, output_tokens, "
            "total_tokens, cache_read_input_tokens, cache_creation_input_tokens, "
            "cache_creation_input_tokens_above_1hr, input_cost, output_cost, total_cost, finalized, spans_location, "
            "artifact_location) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 1, ?, ?) "
            "ON CONFLICT (workspace, trace_id) DO UPDATE SET experiment_id = excluded.experiment_id, "
            "request_time_ms = excluded.request_time_ms, execution_ms = excluded.execution_ms, state = excluded.state, "
            "name = COALESCE(excluded.name, traces.name), client_request_id = excluded.client_request_id, "
            "request_preview = COALESCE(excluded.request_preview, traces.request_preview), "
            "response_preview = COALESCE(excluded.response_preview, traces.response_preview), "
            "session_id = COALESCE(excluded.session_id, traces.session_id), "
            "input_tokens = COALESCE(excluded.input_tokens, traces.input_tokens), "
            "output_tokens = COALESCE(excluded.output_tokens, traces.output_tokens), "
            "total_tokens = COALESCE(excluded.total_tokens, traces.total_tokens), "
            "cache_read_input_tokens = COALESCE(excluded.cache_read_input_tokens, traces.cache_read_input_tokens), "
            "cache_creation_input_tokens = COALESCE(excluded.cache_creation_input_tokens, "
            "traces.cache_creation_input_tokens), "
            "cache_creation_input_tokens_above_1hr = COALESCE(excluded.cache_creation_input_tokens_above_1hr, "
            "traces.cache_creation_input_tokens_above_1hr), "
            "input_cost = COALESCE(excluded.input_cost, traces.input_cost), "
            "output_cost = COALESCE(excluded.output_cost, traces.output_cost), "
            "total_cost = COALESCE(excluded.total_cost, traces.total_cost), finalized = 1, "
            "spans_location = COALESCE(traces.spans_location, excluded.spans_location), "
            "artifact_location = excluded.artifact_location RETURNING id",
            {caller.workspace,   info.trace_id, info.experiment_id,     info.request_time_ms, info.execution_ms,
             info.state,         own.name,      info.client_request_id, info.request_preview, info.response_preview,
             own.session_id,     own.tokens[0], own.tokens[1],          own.tokens[2],        own.tokens[3],
             own.tokens[4],      own.tokens[5], own.costs[0],           own.costs[1],         own.costs[2],
             own.spans_location, artifacts},
            [](const sql::Row& r) { return r.Int(0); }));
    for (const auto& [key, value] : info.tags) MARU_RETURN_IF_ERROR(PutTag(w, *row, key, value));
    for (const auto& [key, value] : info.metadata) MARU_RETURN_IF_ERROR(PutMetadata(w, *row, key, value));
    for (const Assessment& assessment : info.assessments) MARU_RETURN_IF_ERROR(PutAssessment(w, *row, assessment));
    return AppendChange(w, caller, info.trace_id, info.experiment_id, before.value_or(""), info.state);
  }));

  // MLflow's client sends spans and record side by side. When the record is first, the answer would not say that the
  // spans are kept here, and the client would upload them once more as an artifact. They are a moment away.
  const auto deadline = std::chrono::steady_clock::now() + kWaitForSpans;
  while (true) {
    const std::uint64_t seen = Arrivals();
    MARU_ASSIGN_OR_RETURN(TraceInfo stored, GetInfo(caller, info.trace_id));
    const bool under_way = stored.metadata.contains(std::string(kSizeStats)) && info.trace_id.starts_with("tr-") &&
                           !stored.tags.contains(std::string(kSpansLocation));
    if (!under_way || !WaitForArrival(seen, deadline)) return stored;
  }
}

Result<TraceInfo> TraceService::EndTrace(const Caller& caller, std::string_view trace_id, std::int64_t end_ms,
                                         std::string state, Labels metadata, Labels tags) {
  MARU_ASSIGN_OR_RETURN(const Promoted own, Promote(tags, metadata));
  MARU_RETURN_IF_ERROR(Write([&](sql::Writer& w) -> Status {
    struct Before {
      std::int64_t row;
      std::string experiment_id, state;
    };
    MARU_ASSIGN_OR_RETURN(const auto before,
                          w.QueryOne("SELECT id, experiment_id, state FROM traces WHERE workspace = ? AND trace_id = ?",
                                     {caller.workspace, trace_id}, [](const sql::Row& row) {
                                       return Before{row.Int(0), row.String(1), row.String(2)};
                                     }));
    if (!before) return NoSuchTrace(trace_id);
    MARU_RETURN_IF_ERROR(
        w.Execute("UPDATE traces SET execution_ms = ? - request_time_ms, state = ?, name = COALESCE(?, name), "
                  "session_id = COALESCE(?, session_id), input_tokens = COALESCE(?, input_tokens), "
                  "output_tokens = COALESCE(?, output_tokens), total_tokens = COALESCE(?, total_tokens), "
                  "input_cost = COALESCE(?, input_cost), output_cost = COALESCE(?, output_cost), "
                  "total_cost = COALESCE(?, total_cost) WHERE id = ?",
                  {end_ms, state, own.name, own.session_id, own.tokens[0], own.tokens[1], own.tokens[2], own.costs[0],
                   own.costs[1], own.costs[2], before->row})
            .status());
    for (const auto& [key, value] : tags) MARU_RETURN_IF_ERROR(PutTag(w, before->row, key, value));
    for (const auto& [key, value] : metadata) MARU_RETURN_IF_ERROR(PutMetadata(w, before->row, key, value));
    return AppendChange(w, caller, trace_id, before->experiment_id, before->state, state);
  }));
  return GetInfo(caller, trace_id);
}

Status TraceService::SetTag(const Caller& caller, std::string_view trace_id, std::string key, std::string value) {
  MARU_RETURN_IF_ERROR(CheckTag(key, value));
  if (key == kSpansLocation || key == kArchiveLocation || key == kArchivalFailure || key == kArtifactLocation) {
    return InvalidArgument("Tag '{}' is immutable and cannot be set on a trace.", key);
  }
  return database_.Write([&](sql::Writer& w) -> Status {
    MARU_ASSIGN_OR_RETURN(const std::int64_t row, FindTrace(w, caller.workspace, trace_id));
    return PutTag(w, row, key, value);
  });
}

Status TraceService::DeleteTag(const Caller& caller, std::string_view trace_id, std::string_view key) {
  if (key == kSpansLocation || key == kArchiveLocation || key == kArtifactLocation) {
    return InvalidArgument("Tag '{}' is immutable and cannot be deleted on a trace.", key);
  }
  return database_.Write([&](sql::Writer& w) -> Status {
    MARU_ASSIGN_OR_RETURN(const std::int64_t row, FindTrace(w, caller.workspace, trace_id));
    Result<std::int64_t> changed =
        key == kTraceName ? w.Execute("UPDATE traces SET name = NULL WHERE id = ? AND name IS NOT NULL", {row})
                          : w.Execute("DELETE FROM trace_tags WHERE trace = ? AND key = ?", {row, key});
    MARU_RETURN_IF_ERROR(changed.status());
    if (*changed == 0) return NotFound("No trace tag with key '{}' for trace with ID '{}'", key, trace_id);
    return OkStatus();
  });
}

Status TraceService::LinkToRun(const Caller& caller, const std::vector<std::string>& trace_ids,
                               std::string_view run_id) {
  if (trace_ids.empty()) return OkStatus();
  if (trace_ids.size() > kLinksMax) {
    return InvalidArgument("Cannot link more than {} traces to a run in a single request. Provided {} traces.",
                           kLinksMax, trace_ids.size());
  }
  MARU_RETURN_IF_ERROR(experiments_.CheckRun(caller, run_id));
  return database_.Write([&](sql::Writer& w) -> Status {
    for (const std::string& trace_id : trace_ids) {
      MARU_RETURN_IF_ERROR(w.Execute("INSERT INTO trace_runs (run_id, trace) SELECT ?, id FROM traces "
                                     "WHERE workspace = ? AND trace_id = ? ON CONFLICT DO NOTHING",
                                     {run_id, caller.workspace, trace_id})
                               .status());
    }
    return OkStatus();
  });
}

Status TraceService::LinkPrompts(const Caller& caller, std::string_view trace_id,
                                 const std::vector<std::string>& prompts) {
  if (prompts.empty()) return OkStatus();
  return database_.Write([&](sql::Writer& w) -> Status {
    MARU_ASSIGN_OR_RETURN(const std::int64_t row, FindTrace(w, caller.workspace, trace_id));
    for (const std::string& prompt : prompts) {
      MARU_RETURN_IF_ERROR(
          w.Execute("INSERT INTO trace_prompts (prompt, trace) VALUES (?, ?) ON CONFLICT DO NOTHING", {prompt, row})
              .status());
    }
    return OkStatus();
  });
}

}  // namespace maru::traces
