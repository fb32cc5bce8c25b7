// The stored form of a span: one JSON object as MLflow's trace data files have it (schema version 3), so that stored
// spans, trace artifacts and imported databases are the same text.
//
//   {"trace_id": base64, "span_id": base64, "parent_span_id": base64 or null, "name": …, "start_time_unix_nano": …,
//    "end_time_unix_nano": …, "events": […], "status": {"code": "STATUS_CODE_OK", "message": …},
//    "attributes": {key: JSON text as a string}, "links": […]}
#pragma once

#include <string>
#include <string_view>

#include "maru/base/status.h"
#include "maru/traces/span.h"

namespace maru::traces {

std::string EncodeSpan(const Span& span);

// kDataLoss when `content` is not such an object. `resource` is not stored.
Result<Span> DecodeSpan(std::string_view content);

// The value of `key`, or empty.
std::string_view FindAttribute(const Attributes& attributes, std::string_view key);
// Replaces the value of `key`, or adds it at the end.
void SetAttribute(Attributes& attributes, std::string_view key, std::string value);

// Hex digits to bytes and back, bytes to base64; `hex` has an even number of valid digits.
std::string HexToBytes(std::string_view hex);
std::string BytesToHex(std::string_view bytes);
std::string BytesToBase64(std::string_view bytes);

}  // namespace maru::traces
