#include "maru/traces/span_rows.h"

#include <absl/container/flat_hash_map.h>

#include <algorithm>

#include "maru/traces/json_text.h"
#include "maru/traces/keys.h"
#include "maru/traces/preview.h"
#include "maru/traces/semantic_conventions.h"
#include "maru/traces/span_content.h"
#include "maru/traces/trace_rows.h"

namespace maru::traces {
namespace {

constexpr std::size_t kSessionCharactersMax = 250;
constexpr std::size_t kModelCharactersMax = 500;

// The text of an attribute: a JSON string without its quotes, anything else as it is.
std::optional<std::string> AttributeText(const Attributes& attributes, std::string_view key) {
  const std::string_view value = FindAttribute(attributes, key);
  if (value.empty() || value == "null") return std::nullopt;
  std::string text;
  if (!DecodeJsonString(value, text)) text = value;
  return text.empty() ? std::nullopt : std::optional(std::move(text));
}

std::optional<std::string> ModelDimension(const Attributes& attributes, std::string_view key) {
  std::string text;
  if (!DecodeJsonString(FindAttribute(attributes, key), text)) return std::nullopt;
  return std::string(FirstCharacters(text, kModelCharactersMax));
}

std::optional<std::string> RawAttribute(const Attributes& attributes, std::string_view key) {
  const std::string_view value = FindAttribute(attributes, key);
  return value.empty() ? std::nullopt : std::optional(std::string(value));
}

// Usage may stand in the attribute as an object or as JSON in a string.
std::optional<std::string> ObjectAttribute(const Attributes& attributes, std::string_view key) {
  const auto text = AttributeText(attributes, key);
  return text && text->starts_with('{') ? text : std::nullopt;
}

void AddTag(Labels& tags, std::string key, std::string value) {
  if (CheckTag(key, value).ok()) tags.insert_or_assign(std::move(key), std::move(value));
}

void AddRoot(const Span& span, TraceSpans& trace) {
  trace.root_state = span.status == SpanStatus::kError ? "ERROR" : "OK";
  trace.root_name = span.name;
  if (const auto inputs = RawAttribute(span.attributes, kSpanInputs))
    trace.request_preview = MakePreview(*inputs, "user");
  if (const auto outputs = RawAttribute(span.attributes, kSpanOutputs)) {
    trace.response_preview = MakePreview(*outputs, "assistant");
  }
  for (const auto& [key, value] : span.attributes) {
    if (!key.starts_with(kTraceTagPrefix)) continue;
    if (auto text = AttributeText(span.attributes, key))
      AddTag(trace.tags, key.substr(kTraceTagPrefix.size()), *std::move(text));
  }
}

// An SDK's own description and MLflow's book-keeping tags cannot come from outside.
void AddResource(const Attributes& resource, Labels& tags) {
  for (const auto& [key, value] : resource) {
    if (key.starts_with("telemetry.sdk.") || key.starts_with("mlflow.")) continue;
    std::string text;
    AddTag(tags, key, DecodeJsonString(value, text) ? std::move(text) : value);
  }
}

SpanRow MakeRow(const Span& span) {
  SpanRow row;
  row.span_id = span.span_id;
  if (!span.parent_span_id.empty()) row.parent_span_id = span.parent_span_id;
  row.name = span.name;
  row.type = AttributeText(span.attributes, kSpanType);
  row.status = span.status == SpanStatus::kOk ? "OK" : span.status == SpanStatus::kError ? "ERROR" : "UNSET";
  row.start_ns = span.start_ns;
  if (span.end_ns != 0) row.end_ns = span.end_ns;
  row.usage = ObjectAttribute(span.attributes, kSpanUsage);
  row.cost = ObjectAttribute(span.attributes, kSpanCost);
  if (row.cost) row.costs = ParseCosts(*row.cost).value_or(Costs());
  row.model_name = ModelDimension(span.attributes, kSpanModel);
  row.model_provider = ModelDimension(span.attributes, kSpanProvider);
  row.content = EncodeSpan(span);
  return row;
}

}  // namespace

Result<std::vector<TraceSpans>> PrepareSpans(SpanBatch batch) {
  std::vector<TraceSpans> traces;
  absl::flat_hash_map<std::string, std::size_t> by_id;
  for (Span& span : batch.spans) {
    TranslateSpan(span);
    const auto [at, is_new] = by_id.emplace(span.trace_id, traces.size());
    if (is_new) {
      TraceSpans& trace = traces.emplace_back();
      trace.trace_id = span.trace_id;
      trace.first_start_ms = span.start_ns / 1'000'000;
      AddResource(batch.resources.at(span.resource), trace.tags);
    }
    TraceSpans& trace = traces[at->second];
    trace.first_start_ms = std::min(trace.first_start_ms, span.start_ns / 1'000'000);
    if (span.end_ns != 0) trace.last_end_ms = std::max(trace.last_end_ms.value_or(0), span.end_ns / 1'000'000);
    if (span.parent_span_id.empty()) AddRoot(span, trace);
    if (!trace.session_id) {
      trace.session_id = AttributeText(span.attributes, kSpanSession);
      if (!trace.session_id) trace.session_id = AttributeText(span.attributes, kSpanConversation);
      if (trace.session_id && CountCharacters(*trace.session_id) > kSessionCharactersMax) {
        return InvalidArgument("'Session ID' exceeds the maximum length of {} characters", kSessionCharactersMax);
      }
    }
    if (!trace.user_id) trace.user_id = AttributeText(span.attributes, kSpanUser);

    SpanRow row = MakeRow(span);
    const auto tokens = ParseTokens(row.usage.value_or(""));
    const auto costs = ParseCosts(row.cost.value_or(""));
    trace.has_tokens = trace.has_tokens || tokens;
    trace.has_costs = trace.has_costs || costs;
    trace.token_nodes.push_back({row.span_id, span.parent_span_id, tokens});
    trace.cost_nodes.push_back({row.span_id, span.parent_span_id, costs});
    trace.rows.push_back(std::move(row));
  }
  return traces;
}

}  // namespace maru::traces
