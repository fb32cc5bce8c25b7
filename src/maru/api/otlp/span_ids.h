// What both encodings do alike with a decoded span. Internal to otlp/.
#pragma once

#include <cstdint>
#include <string_view>

#include "maru/base/status.h"
#include "maru/traces/span.h"

namespace maru::api::otlp {

// Sets the ids, from bytes, and the times. kOutOfRange when they cannot be those of a span.
Status SetIdentity(traces::Span& span, std::string_view trace_id, std::string_view span_id,
                   std::string_view parent_span_id, std::uint64_t start_ns, std::uint64_t end_ns);
// `bytes` as `digits` hex digits, padded with zeros on the left. Empty when there are more.
std::string HexId(std::string_view bytes, std::size_t digits);

// Adds what MLflow keeps on every span, and on roots the name of a coding agent that says that it is one. Call when
// the attributes are complete.
void FinishSpan(traces::Span& span, const traces::Attributes& resource);

// Far beyond what tracers send (OpenTelemetry's own default is 128 attributes a span): a request that goes beyond is
// refused rather than let one sender hold everybody's writes.
inline constexpr std::size_t kAttributesMax = 4096;  // of one span, event, link or resource
inline constexpr std::size_t kSpansMax = 20'000;     // in one request

// Keeps the last value of each key, at the place of the first. kInvalidArgument beyond kAttributesMax.
Status RemoveTwins(traces::Attributes& attributes);
Status TooManySpans();

Status NoSpans();

}  // namespace maru::api::otlp
