// Spans of one trace, ready for their rows: everything that can be worked out before the transaction. Internal to
// traces/.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "maru/base/status.h"
#include "maru/traces/span.h"
#include "maru/traces/trace.h"
#include "maru/traces/usage.h"

namespace maru::traces {

struct SpanRow {
  std::string span_id;
  std::optional<std::string> parent_span_id;
  std::string name;
  std::optional<std::string> type;
  const char* status = "UNSET";
  std::int64_t start_ns = 0;
  std::optional<std::int64_t> end_ns;
  std::string content;
  std::optional<std::string> usage, cost;  // JSON, as the span has them
  Costs costs;
  std::optional<std::string> model_name, model_provider;
};

// The spans of one trace in one batch, and what they say about the trace.
struct TraceSpans {
  std::string trace_id;
  std::vector<SpanRow> rows;
  std::int64_t first_start_ms = 0;
  std::optional<std::int64_t> last_end_ms;
  std::optional<std::string> root_state;  // OK or ERROR, when the root is here
  std::optional<std::string> root_name, request_preview, response_preview;
  std::optional<std::string> session_id, user_id;
  Labels tags;  // from the resource, then from the root span, which wins
  std::vector<UsageNode<TokenCounts>> token_nodes;
  std::vector<UsageNode<Costs>> cost_nodes;
  bool has_tokens = false, has_costs = false;
};

// Translates and encodes the batch. kInvalidArgument when something does not fit.
Result<std::vector<TraceSpans>> PrepareSpans(SpanBatch batch);

}  // namespace maru::traces
