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

// The last value of a key counts, at the place of the first.
void AddAttribute(traces::Attributes& attributes, std::string_view key, std::string value);

Status NoSpans();

}  // namespace maru::api::otlp
