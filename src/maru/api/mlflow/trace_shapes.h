// The messages of MLflow's trace API (mlflow/protos/service.proto and assessments.proto), and their translation from
// and to the domain's plain data.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "maru/json/json.h"
#include "maru/traces/span.h"
#include "maru/traces/trace.h"

namespace maru::api::mlflow {

struct ExperimentLocationShape {
  std::string experiment_id;
};
BOOST_DESCRIBE_STRUCT(ExperimentLocationShape, (), (experiment_id))

struct TraceLocationShape {
  std::string type = "MLFLOW_EXPERIMENT";
  std::optional<ExperimentLocationShape> mlflow_experiment;
};
BOOST_DESCRIBE_STRUCT(TraceLocationShape, (), (type, mlflow_experiment))

struct AssessmentSourceShape {
  std::string source_type = "SOURCE_TYPE_UNSPECIFIED";
  std::optional<std::string> source_id;
};
BOOST_DESCRIBE_STRUCT(AssessmentSourceShape, (), (source_type, source_id))

struct FeedbackShape {
  json::Raw value;
  std::optional<json::Raw> error;
};
BOOST_DESCRIBE_STRUCT(FeedbackShape, (), (value, error))

struct SerializedValueShape {
  std::string serialization_format;
  std::string value;
};
BOOST_DESCRIBE_STRUCT(SerializedValueShape, (), (serialization_format, value))

// Plain values as they are; lists and objects as JSON in a string.
struct ExpectationShape {
  std::optional<json::Raw> value;
  std::optional<SerializedValueShape> serialized_value;
};
BOOST_DESCRIBE_STRUCT(ExpectationShape, (), (value, serialized_value))

struct IssueReferenceShape {
  std::string issue_name;
};
BOOST_DESCRIBE_STRUCT(IssueReferenceShape, (), (issue_name))

struct AssessmentShape {
  std::optional<std::string> assessment_id;
  std::string assessment_name;
  std::string trace_id;
  std::optional<std::string> span_id;
  AssessmentSourceShape source;
  std::optional<std::string> create_time, last_update_time;
  std::optional<FeedbackShape> feedback;
  std::optional<ExpectationShape> expectation;
  std::optional<IssueReferenceShape> issue;
  std::optional<std::string> rationale;
  std::optional<std::map<std::string, std::string>> metadata;
  std::optional<std::string> overrides;
  std::optional<bool> valid;
};
BOOST_DESCRIBE_STRUCT(AssessmentShape, (),
                      (assessment_id, assessment_name, trace_id, span_id, source, create_time, last_update_time,
                       feedback, expectation, issue, rationale, metadata, overrides, valid))

struct TraceInfoShape {
  std::string trace_id;
  std::optional<std::string> client_request_id;
  TraceLocationShape trace_location;
  std::optional<std::string> request_preview, response_preview;
  std::optional<std::string> request_time, execution_duration;
  std::string state = "STATE_UNSPECIFIED";
  std::optional<std::map<std::string, std::string>> trace_metadata;
  std::optional<std::vector<AssessmentShape>> assessments;
  std::optional<std::map<std::string, std::string>> tags;
};
BOOST_DESCRIBE_STRUCT(TraceInfoShape, (),
                      (trace_id, client_request_id, trace_location, request_preview, response_preview, request_time,
                       execution_duration, state, trace_metadata, assessments, tags))

// OpenTelemetry's span in protobuf's JSON mapping; AnyValue is recursive and stays text.
struct OtelKeyValueShape {
  std::string key;
  json::Raw value;
};
BOOST_DESCRIBE_STRUCT(OtelKeyValueShape, (), (key, value))

struct OtelEventShape {
  std::int64_t time_unix_nano = 0;
  std::string name;
  std::vector<OtelKeyValueShape> attributes;
};
BOOST_DESCRIBE_STRUCT(OtelEventShape, (), (time_unix_nano, name, attributes))

struct OtelLinkShape {
  std::string trace_id, span_id;
  std::vector<OtelKeyValueShape> attributes;
};
BOOST_DESCRIBE_STRUCT(OtelLinkShape, (), (trace_id, span_id, attributes))

struct OtelStatusShape {
  std::optional<std::string> message;
  std::optional<std::string> code;
};
BOOST_DESCRIBE_STRUCT(OtelStatusShape, (), (message, code))

struct OtelSpanShape {
  std::string trace_id, span_id;  // base64
  std::optional<std::string> parent_span_id;
  std::string name;
  std::int64_t start_time_unix_nano = 0;
  std::optional<std::int64_t> end_time_unix_nano;
  std::vector<OtelKeyValueShape> attributes;
  std::vector<OtelEventShape> events;
  std::vector<OtelLinkShape> links;
  OtelStatusShape status;
};
BOOST_DESCRIBE_STRUCT(OtelSpanShape, (),
                      (trace_id, span_id, parent_span_id, name, start_time_unix_nano, end_time_unix_nano, attributes,
                       events, links, status))

struct TraceShape {
  TraceInfoShape trace_info;
  std::optional<std::vector<OtelSpanShape>> spans;
};
BOOST_DESCRIBE_STRUCT(TraceShape, (), (trace_info, spans))

Result<traces::Assessment> ReadAssessment(const AssessmentShape& shape);
AssessmentShape ShapeOf(const traces::Assessment& assessment);
// The JSON of an expectation's value, whichever way it was sent.
Result<std::string> ExpectationValue(const ExpectationShape& shape);

Result<traces::TraceInfo> ReadTraceInfo(const TraceInfoShape& shape);
TraceInfoShape ShapeOf(const traces::TraceInfo& info);
Result<TraceShape> ShapeOf(const traces::Trace& trace);

}  // namespace maru::api::mlflow
