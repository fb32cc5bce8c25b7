// TraceService: storing spans.
#include "maru/traces/keys.h"
#include "maru/traces/span_rows.h"
#include "maru/traces/trace_rows.h"
#include "maru/traces/trace_service.h"

namespace maru::traces {
namespace {

// What decides how spans change the trace that they belong to.
struct Known {
  std::int64_t row = 0;
  std::string experiment_id, state;
  std::int64_t request_time_ms = 0;
  std::optional<std::int64_t> execution_ms;
  bool finalized = false;
  std::optional<std::string> name, request_preview, response_preview, session_id;
  TokenCounts tokens;
  Costs costs;
  std::optional<std::string> spans_location;
};

constexpr std::string_view kKnownColumns =
    "id, experiment_id, state, request_time_ms, execution_ms, finalized, name, request_preview, response_preview, "
    "session_id, input_tokens, output_tokens, total_tokens, cache_read_input_tokens, cache_creation_input_tokens, "
    "cache_creation_input_tokens_above_1hr, input_cost, output_cost, total_cost, spans_location";

Known ReadKnown(const sql::Row& row) {
  Known k{.row = row.Int(0),
          .experiment_id = row.String(1),
          .state = row.String(2),
          .request_time_ms = row.Int(3),
          .execution_ms = row.OptionalInt(4),
          .finalized = row.Bool(5),
          .name = row.OptionalString(6),
          .request_preview = row.OptionalString(7),
          .response_preview = row.OptionalString(8),
          .session_id = row.OptionalString(9)};
  for (std::size_t i = 0; i < k.tokens.size(); ++i) k.tokens[i] = row.OptionalInt(10 + static_cast<int>(i));
  for (std::size_t i = 0; i < k.costs.size(); ++i) {
    if (!row.IsNull(16 + static_cast<int>(i))) k.costs[i] = row.Real(16 + static_cast<int>(i));
  }
  k.spans_location = row.OptionalString(19);
  return k;
}

template <typename Values>
bool HasAny(const Values& values) {
  for (const auto& value : values) {
    if (value) return true;
  }
  return false;
}

Status PutSpans(sql::Writer& w, std::int64_t trace, const std::vector<SpanRow>& spans) {
  for (const SpanRow& s : spans) {
    MARU_RETURN_IF_ERROR(
        w.Execute(
             "INSERT INTO trace_spans (trace, span_id, parent_span_id, name, type, status, start_ns, end_ns, content, "
             "usage, cost, input_cost, output_cost, total_cost, model_name, model_provider) "
             "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (trace, span_id) DO UPDATE SET "
             "parent_span_id = excluded.parent_span_id, name = excluded.name, type = excluded.type, "
             "status = excluded.status, start_ns = excluded.start_ns, end_ns = excluded.end_ns, "
             "content = excluded.content, usage = excluded.usage, cost = excluded.cost, "
             "input_cost = excluded.input_cost, output_cost = excluded.output_cost, "
             "total_cost = excluded.total_cost, model_name = excluded.model_name, "
             "model_provider = excluded.model_provider",
             {trace, s.span_id, s.parent_span_id, s.name, s.type, s.status, s.start_ns, s.end_ns, s.content, s.usage,
              s.cost, s.costs[0], s.costs[1], s.costs[2], s.model_name, s.model_provider})
            .status());
  }
  return OkStatus();
}

// Sums over everything stored, this batch included: a parent that repeats what its children used may have come in
// another batch than they.
Status SumStored(sql::Reader& r, const TraceSpans& batch, Known& known) {
  std::vector<UsageNode<TokenCounts>> tokens;
  std::vector<UsageNode<Costs>> costs;
  MARU_RETURN_IF_ERROR(r.Query("SELECT span_id, parent_span_id, usage, cost FROM trace_spans WHERE trace = ?",
                               {known.row}, [&](const sql::Row& row) {
                                 tokens.push_back({row.String(0), row.String(1), ParseTokens(row.Text(2))});
                                 costs.push_back({row.String(0), row.String(1), ParseCosts(row.Text(3))});
                                 return OkStatus();
                               }));
  if (batch.has_tokens && !(known.finalized && HasAny(known.tokens)))
    known.tokens = SumTokens(tokens).value_or(known.tokens);
  if (batch.has_costs && !(known.finalized && HasAny(known.costs))) known.costs = SumCosts(costs).value_or(known.costs);
  return OkStatus();
}

// The trace as this batch makes it. A record that has been written keeps its times and its state.
void Merge(const TraceSpans& batch, Known& known) {
  if (!known.finalized) {
    const std::int64_t start = std::min(known.request_time_ms, batch.first_start_ms);
    if (batch.last_end_ms) {
      const std::int64_t end = known.execution_ms ? known.request_time_ms + *known.execution_ms : *batch.last_end_ms;
      known.execution_ms = std::max(end, *batch.last_end_ms) - start;
    }
    known.request_time_ms = start;
  }
  if (batch.root_state && (known.state == kInProgress || known.state == kUnspecified)) known.state = *batch.root_state;
  if (const auto named = batch.tags.find(std::string(kTraceName)); named != batch.tags.end())
    known.name = named->second;
  else if (!known.name)
    known.name = batch.root_name;
  if (!known.request_preview) known.request_preview = batch.request_preview;
  if (!known.response_preview) known.response_preview = batch.response_preview;
  if (!known.session_id) known.session_id = batch.session_id;
}

Status Insert(sql::Writer& w, const Caller& caller, const TraceSpans& batch, std::string_view artifacts, Known& k) {
  MARU_ASSIGN_OR_RETURN(
      const auto row,
      w.QueryOne(
          "INSERT INTO traces (workspace, trace_id, experiment_id, request_time_ms, execution_ms, state, name, "
          "request_preview, response_preview, session_id, input_tokens, output_tokens, total_tokens, "
          "cache_read_input_tokens, cache_creation_input_tokens, cache_creation_input_tokens_above_1hr, "
          "input_cost, output_cost, total_cost, finalized, spans_location, artifact_location) "
          "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, ?, ?) RETURNING id",
          {caller.workspace, batch.trace_id,    k.experiment_id,    k.request_time_ms, k.execution_ms, k.state,
           k.name,           k.request_preview, k.response_preview, k.session_id,      k.tokens[0],    k.tokens[1],
           k.tokens[2],      k.tokens[3],       k.tokens[4],        k.tokens[5],       k.costs[0],     k.costs[1],
           k.costs[2],       kTrackingStore,    artifacts},
          [](const sql::Row& r) { return r.Int(0); }));
  k.row = *row;
  return OkStatus();
}

Status Update(sql::Writer& w, const Known& k) {
  return w
      .Execute(
          "UPDATE traces SET request_time_ms = ?, execution_ms = ?, state = ?, name = ?, request_preview = ?, "
          "response_preview = ?, session_id = ?, input_tokens = ?, output_tokens = ?, total_tokens = ?, "
          "cache_read_input_tokens = ?, cache_creation_input_tokens = ?, "
          "cache_creation_input_tokens_above_1hr = ?, input_cost = ?, output_cost = ?, total_cost = ?, "
          "spans_location = ? WHERE id = ?",
          {k.request_time_ms, k.execution_ms, k.state, k.name, k.request_preview, k.response_preview, k.session_id,
           k.tokens[0], k.tokens[1], k.tokens[2], k.tokens[3], k.tokens[4], k.tokens[5], k.costs[0], k.costs[1],
           k.costs[2], kTrackingStore, k.row})
      .status();
}

}  // namespace

Status TraceService::LogSpans(const Caller& caller, std::string_view experiment_id, SpanBatch batch) {
  if (batch.spans.empty()) return OkStatus();
  MARU_ASSIGN_OR_RETURN(const Experiment experiment, experiments_.FindExperiment(caller, experiment_id));
  MARU_ASSIGN_OR_RETURN(const std::vector<TraceSpans> traces, PrepareSpans(std::move(batch)));

  MARU_RETURN_IF_ERROR(Write([&](sql::Writer& w) -> Status {
    for (const TraceSpans& trace : traces) {
      MARU_ASSIGN_OR_RETURN(
          auto found,
          w.QueryOne(fmt::format("SELECT {} FROM traces WHERE workspace = ? AND trace_id = ?", kKnownColumns),
                     {caller.workspace, trace.trace_id}, ReadKnown));
      const std::string before = found ? found->state : "";
      Known known;
      if (found) {
        known = *std::move(found);
        if (known.spans_location.value_or(std::string(kTrackingStore)) != kTrackingStore) {
          return FailedPrecondition("Cannot log spans to trace '{}': its spans are kept elsewhere ({}).",
                                    trace.trace_id, *known.spans_location);
        }
        MARU_RETURN_IF_ERROR(PutSpans(w, known.row, trace.rows));
        if (trace.has_tokens || trace.has_costs) MARU_RETURN_IF_ERROR(SumStored(w, trace, known));
        Merge(trace, known);
        MARU_RETURN_IF_ERROR(Update(w, known));
      } else {
        known.experiment_id = experiment_id;
        known.state = kInProgress;
        known.request_time_ms = trace.first_start_ms;
        known.tokens = SumTokens(trace.token_nodes).value_or(TokenCounts());
        known.costs = SumCosts(trace.cost_nodes).value_or(Costs());
        Merge(trace, known);
        MARU_RETURN_IF_ERROR(Insert(w, caller, trace,
                                    fmt::format("{}/traces/{}/artifacts", experiment.artifact_location, trace.trace_id),
                                    known));
        MARU_RETURN_IF_ERROR(PutSpans(w, known.row, trace.rows));
      }
      for (const auto& [key, value] : trace.tags) {
        if (key != kTraceName) MARU_RETURN_IF_ERROR(PutTag(w, known.row, key, value));
      }
      if (trace.user_id) {
        MARU_RETURN_IF_ERROR(w.Execute("INSERT INTO trace_metadata (trace, key, value) VALUES (?, ?, ?) "
                                       "ON CONFLICT DO NOTHING",
                                       {known.row, kTraceUser, *trace.user_id})
                                 .status());
      }
      MARU_RETURN_IF_ERROR(AppendChange(w, caller, trace.trace_id, known.experiment_id, before, known.state));
    }
    return OkStatus();
  }));

  {
    const std::lock_guard lock(arrival_mutex_);
    ++arrivals_;
  }
  arrival_.notify_all();
  return OkStatus();
}

}  // namespace maru::traces
