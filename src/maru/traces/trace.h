// What a trace is, as plain data: the record of one request through an application, with the people's and judges'
// opinions about it. Its spans are in span.h.
//
// Units: milliseconds since the Unix epoch for times, milliseconds for durations.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace maru::traces {

// Tags can change, metadata is written once with the trace. Both are small.
using Labels = std::map<std::string, std::string>;

enum class AssessmentKind { kFeedback, kExpectation, kIssue };

// What a person, a judge model or a piece of code thinks of a trace or of one of its spans.
struct Assessment {
  std::string id;  // given by the service when empty
  std::string trace_id;
  std::string name;
  AssessmentKind kind = AssessmentKind::kFeedback;
  std::string value = "null";        // JSON; of an issue: the issue's name as a JSON string
  std::optional<std::string> error;  // JSON object {error_code, error_message, stack_trace}; feedback only
  std::string source_type = "SOURCE_TYPE_UNSPECIFIED";  // HUMAN, LLM_JUDGE or CODE
  std::optional<std::string> source_id;
  std::int64_t created_ms = 0;  // 0: now
  std::int64_t updated_ms = 0;
  std::optional<std::string> run_id;
  std::optional<std::string> span_id;
  std::optional<std::string> rationale;
  std::optional<std::string> overrides;  // the assessment that this one replaces, which becomes invalid
  bool valid = true;
  Labels metadata;
};

// States by their wire names: "OK", "ERROR", "IN_PROGRESS", "STATE_UNSPECIFIED".
struct TraceInfo {
  std::string trace_id;
  std::string experiment_id;
  std::int64_t request_time_ms = 0;
  std::optional<std::int64_t> execution_ms;
  std::string state = "STATE_UNSPECIFIED";
  std::optional<std::string> client_request_id;
  std::optional<std::string> request_preview;
  std::optional<std::string> response_preview;
  Labels metadata;
  Labels tags;
  std::vector<Assessment> assessments;
};

struct Trace {
  TraceInfo info;
  std::vector<std::string> spans;  // stored content (span_content.h), roots first, then by start
};

struct TracePage {
  std::vector<TraceInfo> traces;
  std::string next_page_token;  // empty on the last page
};

}  // namespace maru::traces
