#include "maru/api/otlp/span_ids.h"

#include <absl/container/flat_hash_map.h>

#include <algorithm>
#include <limits>

#include "maru/json/json.h"
#include "maru/traces/keys.h"
#include "maru/traces/span_content.h"

namespace maru::api::otlp {
namespace {

// Other service names stay in the resource's tags only: MLflow copies just these onto the root span.
constexpr std::string_view kKnownServices[] = {"claude-code", "codex_cli_rs", "codex_vscode", "gemini-cli",
                                               "qwen-code"};

}  // namespace

std::string HexId(std::string_view bytes, std::size_t digits) {
  std::string hex = traces::BytesToHex(bytes);
  if (hex.size() > digits) return {};
  return std::string(digits - hex.size(), '0') + hex;
}

Status SetIdentity(traces::Span& span, std::string_view trace_id, std::string_view span_id,
                   std::string_view parent_span_id, std::uint64_t start_ns, std::uint64_t end_ns) {
  constexpr auto kLast = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  const std::string trace = HexId(trace_id, 32);
  span.span_id = HexId(span_id, 16);
  if (trace_id.empty() || span_id.empty() || trace.empty() || span.span_id.empty()) {
    return OutOfRange("a span needs a trace_id of 16 bytes and a span_id of 8");
  }
  span.trace_id = "tr-" + trace;
  if (!parent_span_id.empty()) {
    span.parent_span_id = HexId(parent_span_id, 16);
    if (span.parent_span_id.empty()) return OutOfRange("a parent_span_id has 8 bytes");
  }
  if (start_ns > kLast || end_ns > kLast) return OutOfRange("the times of a span are beyond the year 2262");
  span.start_ns = static_cast<std::int64_t>(start_ns);
  span.end_ns = static_cast<std::int64_t>(end_ns);
  return OkStatus();
}

void FinishSpan(traces::Span& span, const traces::Attributes& resource) {
  traces::SetAttribute(span.attributes, traces::kSpanRequestId, json::Quote(span.trace_id));
  if (!span.parent_span_id.empty()) return;
  const std::string_view service = traces::FindAttribute(resource, "service.name");
  if (std::any_of(std::begin(kKnownServices), std::end(kKnownServices),
                  [&](std::string_view known) { return service == json::Quote(known); })) {
    traces::SetAttribute(span.attributes, "service.name", std::string(service));
  }
}

Status RemoveTwins(traces::Attributes& attributes) {
  if (attributes.size() > kAttributesMax) {
    return InvalidArgument("Invalid OpenTelemetry format - more than {} attributes in one place", kAttributesMax);
  }
  absl::flat_hash_map<std::string_view, std::size_t> first;
  std::vector<std::size_t> twins;
  for (std::size_t i = 0; i < attributes.size(); ++i) {
    const auto [at, is_new] = first.emplace(attributes[i].first, i);
    if (is_new) continue;
    attributes[at->second].second = std::move(attributes[i].second);
    twins.push_back(i);
  }
  for (auto twin = twins.rbegin(); twin != twins.rend(); ++twin) {
    attributes.erase(attributes.begin() + static_cast<std::ptrdiff_t>(*twin));
  }
  return OkStatus();
}

Status TooManySpans() {
  return InvalidArgument("Invalid OpenTelemetry format - more than {} spans in one request; send smaller batches",
                         kSpansMax);
}

Status NoSpans() {
  return InvalidArgument("Invalid OpenTelemetry format - no spans found");
}

}  // namespace maru::api::otlp
