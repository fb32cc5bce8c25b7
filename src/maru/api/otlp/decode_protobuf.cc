#include <google/protobuf/arena.h>

#include <algorithm>

#include "maru/api/otlp/decode.h"
#include "maru/api/otlp/span_ids.h"
#include "maru/json/json.h"
#include "maru/traces/json_text.h"
#include "maru/traces/span_content.h"
#include "otlp.pb.h"

namespace maru::api::otlp {
namespace {

namespace pb = ::maru::otlp;

void AppendValue(std::string& out, const pb::AnyValue& value) {
  switch (value.value_case()) {
    case pb::AnyValue::kStringValue:
      traces::AppendText(out, value.string_value());
      return;
    case pb::AnyValue::kBoolValue:
      out += value.bool_value() ? "true" : "false";
      return;
    case pb::AnyValue::kIntValue:
      json::encode::Append(out, std::int64_t{value.int_value()});
      return;
    case pb::AnyValue::kDoubleValue:
      traces::AppendDouble(out, value.double_value());
      return;
    case pb::AnyValue::kBytesValue:
      traces::AppendText(out, traces::BytesToBase64(value.bytes_value()));
      return;
    case pb::AnyValue::kArrayValue: {
      out += '[';
      for (int i = 0; i < value.array_value().values_size(); ++i) {
        if (i > 0) out += ", ";
        AppendValue(out, value.array_value().values(i));
      }
      out += ']';
      return;
    }
    case pb::AnyValue::kKvlistValue: {
      out += '{';
      for (int i = 0; i < value.kvlist_value().values_size(); ++i) {
        if (i > 0) out += ", ";
        traces::AppendText(out, value.kvlist_value().values(i).key());
        out += ": ";
        AppendValue(out, value.kvlist_value().values(i).value());
      }
      out += '}';
      return;
    }
    case pb::AnyValue::VALUE_NOT_SET:
      break;
  }
  out += "null";
}

template <typename KeyValues>
Result<traces::Attributes> AttributesOf(const KeyValues& from) {
  traces::Attributes attributes;
  attributes.reserve(std::min(static_cast<std::size_t>(from.size()), kAttributesMax) + 4);
  for (const pb::KeyValue& kv : from) {
    std::string value;
    AppendValue(value, kv.value());
    attributes.emplace_back(kv.key(), std::move(value));
    if (attributes.size() > kAttributesMax) break;  // refused below
  }
  MARU_RETURN_IF_ERROR(RemoveTwins(attributes));
  return attributes;
}

Result<traces::Span> SpanOf(const pb::Span& from) {
  traces::Span span;
  MARU_RETURN_IF_ERROR(SetIdentity(span, from.trace_id(), from.span_id(), from.parent_span_id(),
                                   from.start_time_unix_nano(), from.end_time_unix_nano()));
  span.name = from.name();
  span.status = from.status().code() == 1   ? traces::SpanStatus::kOk
                : from.status().code() == 2 ? traces::SpanStatus::kError
                                            : traces::SpanStatus::kUnset;
  span.status_message = from.status().message();
  MARU_ASSIGN_OR_RETURN(span.attributes, AttributesOf(from.attributes()));
  for (const pb::Span::Event& event : from.events()) {
    MARU_ASSIGN_OR_RETURN(traces::Attributes attributes, AttributesOf(event.attributes()));
    span.events.push_back({event.name(), static_cast<std::int64_t>(event.time_unix_nano()), std::move(attributes)});
  }
  for (const pb::Span::Link& link : from.links()) {
    const std::string trace_id = HexId(link.trace_id(), 32), span_id = HexId(link.span_id(), 16);
    if (trace_id.empty() || span_id.empty()) continue;
    MARU_ASSIGN_OR_RETURN(traces::Attributes attributes, AttributesOf(link.attributes()));
    span.links.push_back({"tr-" + trace_id, span_id, std::move(attributes)});
  }
  return span;
}

}  // namespace

Result<traces::SpanBatch> DecodeProtobuf(std::string_view body) {
  google::protobuf::Arena arena;
  auto* request = google::protobuf::Arena::CreateMessage<pb::ExportTraceServiceRequest>(&arena);
  if (!request->ParseFromArray(body.data(), static_cast<int>(body.size()))) {
    return InvalidArgument("Invalid OpenTelemetry format");
  }
  if (request->resource_spans().empty()) return NoSpans();
  traces::SpanBatch batch;
  for (const pb::ResourceSpans& group : request->resource_spans()) {
    MARU_ASSIGN_OR_RETURN(traces::Attributes resource, AttributesOf(group.resource().attributes()));
    batch.resources.push_back(std::move(resource));
    for (const pb::ScopeSpans& scope : group.scope_spans()) {
      for (const pb::Span& from : scope.spans()) {
        if (batch.spans.size() == kSpansMax) return TooManySpans();
        MARU_ASSIGN_OR_RETURN(traces::Span span, SpanOf(from));
        span.resource = batch.resources.size() - 1;
        FinishSpan(span, batch.resources.back());
        batch.spans.push_back(std::move(span));
      }
    }
  }
  return batch;
}

}  // namespace maru::api::otlp
