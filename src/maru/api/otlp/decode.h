// OTLP trace requests, in both their encodings, as spans. The protobuf runtime stays behind this header.
//
// Threads: pure functions. Errors: kInvalidArgument when the body is not such a request, kOutOfRange when a span in it
// cannot be one (no ids, times beyond 2262).
#pragma once

#include <string_view>

#include "maru/base/status.h"
#include "maru/traces/span.h"

namespace maru::api::otlp {

Result<traces::SpanBatch> DecodeProtobuf(std::string_view body);
// ids in hexadecimal and enums as numbers, as https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding has it.
Result<traces::SpanBatch> DecodeJson(std::string_view body);

}  // namespace maru::api::otlp
