// One span as it arrives: plain data, independent of the wire that brought it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace maru::traces {

// Attribute values are JSON texts: "5", "\"gpt\"", "{\"x\": 1}". In the order sent, keys are unique.
using Attributes = std::vector<std::pair<std::string, std::string>>;

enum class SpanStatus { kUnset, kOk, kError };

struct SpanEvent {
  std::string name;
  std::int64_t time_ns = 0;
  Attributes attributes;
};

struct SpanLink {
  std::string trace_id;  // "tr-" and 32 hex digits
  std::string span_id;   // 16 hex digits
  Attributes attributes;
};

// Times are nanoseconds since the Unix epoch; end_ns 0 means that the span has not ended.
struct Span {
  std::string trace_id;        // "tr-" and 32 hex digits
  std::string span_id;         // 16 hex digits
  std::string parent_span_id;  // empty for a root
  std::string name;
  std::int64_t start_ns = 0;
  std::int64_t end_ns = 0;
  SpanStatus status = SpanStatus::kUnset;
  std::string status_message;
  Attributes attributes;
  std::vector<SpanEvent> events;
  std::vector<SpanLink> links;
  std::size_t resource = 0;  // index into SpanBatch::resources
};

// Spans of any number of traces that came in one request. It is logged whole or not at all.
struct SpanBatch {
  std::vector<Attributes> resources;  // what produced the spans: service.name and the like
  std::vector<Span> spans;
};

}  // namespace maru::traces
