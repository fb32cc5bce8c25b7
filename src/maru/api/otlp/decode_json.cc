#include <absl/strings/escaping.h>

#include <algorithm>
#include <charconv>

#include "maru/api/otlp/decode.h"
#include "maru/api/otlp/span_ids.h"
#include "maru/json/json.h"
#include "maru/traces/json_text.h"
#include "maru/traces/span_content.h"

namespace maru::api::otlp {
namespace {

// The members that we read, by their JSON names' snake_case; unknown ones are skipped, as the specification demands.
struct KeyValueJson {
  std::string key;
  json::Raw value;
};
BOOST_DESCRIBE_STRUCT(KeyValueJson, (), (key, value))

struct EventJson {
  std::uint64_t time_unix_nano = 0;
  std::string name;
  std::vector<KeyValueJson> attributes;
};
BOOST_DESCRIBE_STRUCT(EventJson, (), (time_unix_nano, name, attributes))

struct LinkJson {
  std::string trace_id, span_id;
  std::vector<KeyValueJson> attributes;
};
BOOST_DESCRIBE_STRUCT(LinkJson, (), (trace_id, span_id, attributes))

struct StatusJson {
  std::string message;
  json::Raw code;  // a number, or the name of the enumerator
};
BOOST_DESCRIBE_STRUCT(StatusJson, (), (message, code))

struct SpanJson {
  std::string trace_id, span_id, parent_span_id, name;
  std::uint64_t start_time_unix_nano = 0, end_time_unix_nano = 0;
  std::vector<KeyValueJson> attributes;
  std::vector<EventJson> events;
  std::vector<LinkJson> links;
  StatusJson status;
};
BOOST_DESCRIBE_STRUCT(SpanJson, (),
                      (trace_id, span_id, parent_span_id, name, start_time_unix_nano, end_time_unix_nano, attributes,
                       events, links, status))

struct ScopeJson {
  std::vector<SpanJson> spans;
};
BOOST_DESCRIBE_STRUCT(ScopeJson, (), (spans))

struct ResourceJson {
  std::vector<KeyValueJson> attributes;
};
BOOST_DESCRIBE_STRUCT(ResourceJson, (), (attributes))

struct GroupJson {
  ResourceJson resource;
  std::vector<ScopeJson> scope_spans;
};
BOOST_DESCRIBE_STRUCT(GroupJson, (), (resource, scope_spans))

struct RequestJson {
  std::vector<GroupJson> resource_spans;
};
BOOST_DESCRIBE_STRUCT(RequestJson, (), (resource_spans))

// {"stringValue": "a"} → "a", and so on through arrays and lists of keys and values.
void AppendValue(std::string& out, const json::Element& any) {
  const std::size_t before = out.size();
  if (any.kind() == json::Kind::kObject) {
    any.ForEachField([&](std::string_view name, json::Element value) {
      if (name == "intValue" || name == "int_value") {
        // 64-bit integers travel as strings.
        if (value.kind() == json::Kind::kString)
          out += value.AsString();
        else
          traces::AppendElement(out, value);
      } else if (name == "doubleValue" || name == "double_value") {
        if (value.kind() == json::Kind::kString)
          out += value.AsString();  // NaN, Infinity
        else if (value.kind() == json::Kind::kInt || value.kind() == json::Kind::kUint ||
                 value.kind() == json::Kind::kDouble)
          traces::AppendDouble(out, value.AsDouble());
      } else if ((name == "arrayValue" || name == "array_value") && value.kind() == json::Kind::kObject) {
        out += '[';
        value.ForEachField([&](std::string_view member, json::Element values) {
          if (member != "values" || values.kind() != json::Kind::kArray) return true;
          values.ForEachItem([&](std::size_t index, json::Element item) {
            if (index > 0) out += ", ";
            AppendValue(out, item);
            return true;
          });
          return false;
        });
        out += ']';
      } else if ((name == "kvlistValue" || name == "kvlist_value") && value.kind() == json::Kind::kObject) {
        out += '{';
        value.ForEachField([&](std::string_view member, json::Element values) {
          if (member != "values" || values.kind() != json::Kind::kArray) return true;
          bool first = true;
          values.ForEachItem([&](std::size_t, json::Element item) {
            if (item.kind() != json::Kind::kObject) return true;
            std::string key, text = "null";
            item.ForEachField([&](std::string_view part, json::Element content) {
              if (part == "key" && content.kind() == json::Kind::kString) key = content.AsString();
              if (part == "value") {
                text.clear();
                AppendValue(text, content);
              }
              return true;
            });
            if (!first) out += ", ";
            first = false;
            traces::AppendText(out, key);
            out += ": " + text;
            return true;
          });
          return false;
        });
        out += '}';
      } else if (name == "stringValue" || name == "string_value" || name == "boolValue" || name == "bool_value" ||
                 name == "bytesValue" || name == "bytes_value") {
        traces::AppendElement(out, value);
      } else {
        return true;
      }
      return false;
    });
  }
  if (out.size() == before) out += "null";
}

Result<std::string> ValueText(const json::Raw& raw) {
  MARU_ASSIGN_OR_RETURN(const json::Element any, json::Parse(raw.text));
  std::string text;
  AppendValue(text, any);
  // What claimed to be an integer must be one, because it is stored as it stands.
  if (!text.empty() && text.front() != '"' && text.front() != '[' && text.front() != '{' && text != "null" &&
      text != "true" && text != "false" && text != "NaN" && text != "Infinity" && text != "-Infinity") {
    double number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error == std::errc::invalid_argument || end != text.data() + text.size()) {
      return InvalidArgument("Invalid OpenTelemetry format");
    }
  }
  return text;
}

Result<traces::Attributes> AttributesOf(const std::vector<KeyValueJson>& from) {
  traces::Attributes attributes;
  for (const KeyValueJson& kv : from) {
    MARU_ASSIGN_OR_RETURN(std::string value, ValueText(kv.value));
    attributes.emplace_back(kv.key, std::move(value));
    if (attributes.size() > kAttributesMax) break;  // refused below
  }
  MARU_RETURN_IF_ERROR(RemoveTwins(attributes));
  return attributes;
}

Result<std::string> IdBytes(const std::string& hex) {
  const bool fine =
      hex.size() % 2 == 0 && std::all_of(hex.begin(), hex.end(), [](unsigned char c) { return std::isxdigit(c); });
  if (!fine) return InvalidArgument("Invalid OpenTelemetry format");
  return traces::HexToBytes(hex);
}

Result<traces::Span> SpanOf(const SpanJson& from) {
  traces::Span span;
  MARU_ASSIGN_OR_RETURN(const std::string trace_id, IdBytes(from.trace_id));
  MARU_ASSIGN_OR_RETURN(const std::string span_id, IdBytes(from.span_id));
  MARU_ASSIGN_OR_RETURN(const std::string parent, IdBytes(from.parent_span_id));
  MARU_RETURN_IF_ERROR(
      SetIdentity(span, trace_id, span_id, parent, from.start_time_unix_nano, from.end_time_unix_nano));
  span.name = from.name;
  const std::string& code = from.status.code.text;
  span.status = code == "1" || code == "\"STATUS_CODE_OK\""      ? traces::SpanStatus::kOk
                : code == "2" || code == "\"STATUS_CODE_ERROR\"" ? traces::SpanStatus::kError
                                                                 : traces::SpanStatus::kUnset;
  span.status_message = from.status.message;
  MARU_ASSIGN_OR_RETURN(span.attributes, AttributesOf(from.attributes));
  for (const EventJson& event : from.events) {
    MARU_ASSIGN_OR_RETURN(traces::Attributes attributes, AttributesOf(event.attributes));
    span.events.push_back({event.name, static_cast<std::int64_t>(event.time_unix_nano), std::move(attributes)});
  }
  for (const LinkJson& link : from.links) {
    MARU_ASSIGN_OR_RETURN(const std::string link_trace, IdBytes(link.trace_id));
    MARU_ASSIGN_OR_RETURN(const std::string link_span, IdBytes(link.span_id));
    MARU_ASSIGN_OR_RETURN(traces::Attributes attributes, AttributesOf(link.attributes));
    const std::string trace_hex = HexId(link_trace, 32), span_hex = HexId(link_span, 16);
    if (!trace_hex.empty() && !span_hex.empty())
      span.links.push_back({"tr-" + trace_hex, span_hex, std::move(attributes)});
  }
  return span;
}

}  // namespace

Result<traces::SpanBatch> DecodeJson(std::string_view body) {
  const auto request = json::Decode<RequestJson>(body);
  if (!request.ok())
    return InvalidArgument("Invalid OpenTelemetry format: {}", std::string(request.status().message()));
  if (request->resource_spans.empty()) return NoSpans();
  traces::SpanBatch batch;
  for (const GroupJson& group : request->resource_spans) {
    MARU_ASSIGN_OR_RETURN(traces::Attributes resource, AttributesOf(group.resource.attributes));
    batch.resources.push_back(std::move(resource));
    for (const ScopeJson& scope : group.scope_spans) {
      for (const SpanJson& from : scope.spans) {
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
