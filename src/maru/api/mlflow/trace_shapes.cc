#include "maru/api/mlflow/trace_shapes.h"

#include "maru/api/mlflow/proto_time.h"
#include "maru/traces/json_text.h"
#include "maru/traces/span_content.h"

namespace maru::api::mlflow {
namespace {

template <typename Labels>
std::optional<std::map<std::string, std::string>> NonEmpty(const Labels& labels) {
  return labels.empty() ? std::nullopt : std::optional(labels);
}

// Attribute values come from Python's json.dumps, which writes NaN and infinities bare inside lists and objects.
// Strings with a mark that Unicode leaves to private use stand for them until they become doubles again.
constexpr std::string_view kNotFinite = "\uE0F0";

std::string MarkNotFinite(std::string_view text) {
  std::string out;
  bool in_string = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (in_string && text[i] == '\\' && i + 1 < text.size()) {
      out += text[i++];
    } else if (text[i] == '"') {
      in_string = !in_string;
    } else if (!in_string) {
      bool marked = false;
      for (const std::string_view word : {"NaN", "Infinity", "-Infinity"}) {
        if (!text.substr(i).starts_with(word)) continue;
        out += fmt::format("\"{}{}\"", kNotFinite, word);
        i += word.size() - 1;
        marked = true;
        break;
      }
      if (marked) continue;
    }
    out += text[i];
  }
  return out;
}

// A value of any JSON as OpenTelemetry's AnyValue. `marked`: it went through MarkNotFinite.
void AppendAnyValue(std::string& out, const json::Element& value, bool marked) {
  switch (value.kind()) {
    case json::Kind::kNull:
      out += "{}";
      return;
    case json::Kind::kBool:
      out += value.AsBool() ? R"({"bool_value":true})" : R"({"bool_value":false})";
      return;
    case json::Kind::kInt:
      out += R"({"int_value":)";
      json::encode::Append(out, value.AsInt());
      break;
    case json::Kind::kUint:
    case json::Kind::kDouble:
      out += R"({"double_value":)";
      traces::AppendDouble(out, value.AsDouble());
      break;
    case json::Kind::kString: {
      std::string_view text = value.AsString();
      const bool not_finite = marked && text.starts_with(kNotFinite);
      if (not_finite) text.remove_prefix(kNotFinite.size());
      out += not_finite ? R"({"double_value":)" : R"({"string_value":)";
      traces::AppendText(out, text);
      break;
    }
    case json::Kind::kArray:
      out += R"({"array_value":{"values":[)";
      value.ForEachItem([&](std::size_t index, json::Element item) {
        if (index > 0) out += ',';
        AppendAnyValue(out, item, marked);
        return true;
      });
      out += "]}";
      break;
    case json::Kind::kObject: {
      out += R"({"kvlist_value":{"values":[)";
      bool first = true;
      value.ForEachField([&](std::string_view name, json::Element member) {
        if (!first) out += ',';
        first = false;
        out += R"({"key":)";
        traces::AppendText(out, name);
        out += R"(,"value":)";
        AppendAnyValue(out, member, marked);
        out += '}';
        return true;
      });
      out += "]}";
      break;
    }
  }
  out += '}';
}

std::vector<OtelKeyValueShape> ShapeOf(const traces::Attributes& attributes) {
  std::vector<OtelKeyValueShape> shapes;
  shapes.reserve(attributes.size());
  for (const auto& [key, text] : attributes) {
    OtelKeyValueShape& shape = shapes.emplace_back();
    shape.key = key;
    shape.value.text.clear();
    if (const auto value = json::Parse(text); value.ok()) {
      AppendAnyValue(shape.value.text, *value, /*marked=*/false);
    } else if (const auto marked = json::Parse(MarkNotFinite(text)); marked.ok()) {
      AppendAnyValue(shape.value.text, *marked, /*marked=*/true);
    } else {
      shape.value.text = fmt::format(R"({{"string_value":{}}})", json::Quote(text));
    }
  }
  return shapes;
}

OtelSpanShape ShapeOf(const traces::Span& span) {
  const auto id = [](std::string_view hex) { return traces::BytesToBase64(traces::HexToBytes(hex)); };
  OtelSpanShape shape;
  shape.trace_id = id(std::string_view(span.trace_id).substr(3));
  shape.span_id = id(span.span_id);
  if (!span.parent_span_id.empty()) shape.parent_span_id = id(span.parent_span_id);
  shape.name = span.name;
  shape.start_time_unix_nano = span.start_ns;
  if (span.end_ns != 0) shape.end_time_unix_nano = span.end_ns;
  shape.attributes = ShapeOf(span.attributes);
  for (const traces::SpanEvent& event : span.events) {
    shape.events.push_back({event.time_ns, event.name, ShapeOf(event.attributes)});
  }
  for (const traces::SpanLink& link : span.links) {
    if (link.trace_id.size() != 35 || link.span_id.size() != 16) continue;  // not an id that OTLP can carry
    shape.links.push_back({id(std::string_view(link.trace_id).substr(3)), id(link.span_id), ShapeOf(link.attributes)});
  }
  if (!span.status_message.empty()) shape.status.message = span.status_message;
  if (span.status == traces::SpanStatus::kOk) shape.status.code = "STATUS_CODE_OK";
  if (span.status == traces::SpanStatus::kError) shape.status.code = "STATUS_CODE_ERROR";
  return shape;
}

}  // namespace

Result<std::string> ExpectationValue(const ExpectationShape& shape) {
  if (!shape.serialized_value) {
    if (!shape.value || shape.value->text == "null") return InvalidArgument("The `value` field must be specified.");
    return shape.value->text;
  }
  if (shape.serialized_value->serialization_format != "JSON_FORMAT") {
    return InvalidArgument("Unknown serialization format: {}. Only JSON_FORMAT is supported.",
                           shape.serialized_value->serialization_format);
  }
  MARU_ASSIGN_OR_RETURN(const json::Element value, json::Parse(shape.serialized_value->value));
  return value.Dump();
}

Result<traces::Assessment> ReadAssessment(const AssessmentShape& shape) {
  traces::Assessment a;
  a.id = shape.assessment_id.value_or("");
  a.name = shape.assessment_name;
  a.trace_id = shape.trace_id;
  if (shape.feedback) {
    a.kind = traces::AssessmentKind::kFeedback;
    a.value = shape.feedback->value.text;
    if (shape.feedback->error) a.error = shape.feedback->error->text;
  } else if (shape.expectation) {
    a.kind = traces::AssessmentKind::kExpectation;
    MARU_ASSIGN_OR_RETURN(a.value, ExpectationValue(*shape.expectation));
  } else if (shape.issue) {
    a.kind = traces::AssessmentKind::kIssue;
    a.value = json::Encode(*shape.issue);
  } else {
    return InvalidArgument("Unknown assessment type: None");
  }
  a.source_type = shape.source.source_type;
  a.source_id = shape.source.source_id;
  if (shape.create_time) {
    MARU_ASSIGN_OR_RETURN(a.created_ms, ParseTimestamp(*shape.create_time));
  }
  if (shape.last_update_time) {
    MARU_ASSIGN_OR_RETURN(a.updated_ms, ParseTimestamp(*shape.last_update_time));
  }
  if (shape.span_id && !shape.span_id->empty()) a.span_id = shape.span_id;
  if (shape.rationale && !shape.rationale->empty()) a.rationale = shape.rationale;
  if (shape.overrides && !shape.overrides->empty()) a.overrides = shape.overrides;
  a.valid = shape.valid.value_or(true);
  if (shape.metadata) a.metadata = *shape.metadata;
  return a;
}

AssessmentShape ShapeOf(const traces::Assessment& a) {
  AssessmentShape shape;
  shape.assessment_id = a.id;
  shape.assessment_name = a.name;
  shape.trace_id = a.trace_id;
  shape.span_id = a.span_id;
  shape.source = {a.source_type, a.source_id};
  shape.create_time = FormatTimestamp(a.created_ms);
  shape.last_update_time = FormatTimestamp(a.updated_ms);
  switch (a.kind) {
    case traces::AssessmentKind::kFeedback: {
      FeedbackShape& feedback = shape.feedback.emplace();
      feedback.value.text = a.value;
      if (a.error) feedback.error = json::Raw{*a.error};
      break;
    }
    case traces::AssessmentKind::kExpectation: {
      ExpectationShape& expectation = shape.expectation.emplace();
      const bool structured = a.value.starts_with('[') || a.value.starts_with('{') || a.value == "null";
      if (structured)
        expectation.serialized_value = SerializedValueShape{"JSON_FORMAT", a.value};
      else
        expectation.value = json::Raw{a.value};
      break;
    }
    case traces::AssessmentKind::kIssue: {
      if (auto issue = json::Decode<IssueReferenceShape>(a.value); issue.ok()) shape.issue = *issue;
      break;
    }
  }
  shape.rationale = a.rationale;
  shape.metadata = NonEmpty(a.metadata);
  shape.overrides = a.overrides;
  shape.valid = a.valid;
  return shape;
}

Result<traces::TraceInfo> ReadTraceInfo(const TraceInfoShape& shape) {
  traces::TraceInfo info;
  info.trace_id = shape.trace_id;
  if (!shape.trace_location.mlflow_experiment) {
    return InvalidArgument(
        "The trace's location must be an experiment (trace_location.mlflow_experiment.experiment_id).");
  }
  info.experiment_id = shape.trace_location.mlflow_experiment->experiment_id;
  if (shape.request_time) {
    MARU_ASSIGN_OR_RETURN(info.request_time_ms, ParseTimestamp(*shape.request_time));
  }
  if (shape.execution_duration) {
    MARU_ASSIGN_OR_RETURN(info.execution_ms, ParseDuration(*shape.execution_duration));
  }
  info.state = shape.state;
  if (info.state != "OK" && info.state != "ERROR" && info.state != "IN_PROGRESS" && info.state != "STATE_UNSPECIFIED") {
    return InvalidArgument("Invalid value '{}' for parameter 'state' supplied.", info.state);
  }
  info.client_request_id = shape.client_request_id;
  info.request_preview = shape.request_preview;
  info.response_preview = shape.response_preview;
  if (shape.trace_metadata) info.metadata = *shape.trace_metadata;
  if (shape.tags) info.tags = *shape.tags;
  if (shape.assessments) {
    for (const AssessmentShape& assessment : *shape.assessments) {
      MARU_ASSIGN_OR_RETURN(traces::Assessment a, ReadAssessment(assessment));
      a.trace_id = info.trace_id;
      info.assessments.push_back(std::move(a));
    }
  }
  return info;
}

TraceInfoShape ShapeOf(const traces::TraceInfo& info) {
  TraceInfoShape shape;
  shape.trace_id = info.trace_id;
  shape.client_request_id = info.client_request_id;
  shape.trace_location.mlflow_experiment = ExperimentLocationShape{info.experiment_id};
  shape.request_preview = info.request_preview;
  shape.response_preview = info.response_preview;
  shape.request_time = FormatTimestamp(info.request_time_ms);
  if (info.execution_ms) shape.execution_duration = FormatDuration(*info.execution_ms);
  shape.state = info.state;
  shape.trace_metadata = NonEmpty(info.metadata);
  shape.tags = NonEmpty(info.tags);
  if (!info.assessments.empty()) {
    shape.assessments.emplace();
    for (const traces::Assessment& a : info.assessments) shape.assessments->push_back(ShapeOf(a));
  }
  return shape;
}

Result<TraceShape> ShapeOf(const traces::Trace& trace) {
  TraceShape shape;
  shape.trace_info = ShapeOf(trace.info);
  shape.spans.emplace();
  for (const std::string& content : trace.spans) {
    MARU_ASSIGN_OR_RETURN(const traces::Span span, traces::DecodeSpan(content));
    shape.spans->push_back(ShapeOf(span));
  }
  return shape;
}

}  // namespace maru::api::mlflow
