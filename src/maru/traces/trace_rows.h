// How traces and assessments lie in their rows. Internal to traces/.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "maru/sql/database.h"
#include "maru/traces/trace.h"
#include "maru/traces/usage.h"

namespace maru::traces {

// Of `traces t`; the order that ReadInfoRow expects.
inline constexpr std::string_view kInfoColumns =
    "t.id, t.trace_id, t.experiment_id, t.request_time_ms, t.execution_ms, t.state, t.name, t.client_request_id, "
    "t.request_preview, t.response_preview, t.session_id, t.input_tokens, t.output_tokens, t.total_tokens, "
    "t.cache_read_input_tokens, t.cache_creation_input_tokens, t.cache_creation_input_tokens_above_1hr, t.input_cost, "
    "t.output_cost, t.total_cost, t.finalized, t.spans_location, t.artifact_location";

// What of a trace's tags and metadata is kept in columns.
struct Promoted {
  std::optional<std::string> name;
  std::optional<std::string> session_id;
  TokenCounts tokens;
  Costs costs;
  std::optional<std::string> spans_location;
};

// Takes the promoted tags and metadata out of `info`. kInvalidArgument when one of them is too long.
Result<Promoted> Promote(Labels& tags, Labels& metadata);

struct InfoRow {
  std::int64_t row = 0;
  TraceInfo info;
  std::optional<std::string> spans_location;
  bool finalized = false;
};
InfoRow ReadInfoRow(const sql::Row& row);

// Adds tags, metadata and assessments.
Status AddDetails(sql::Reader& reader, std::vector<InfoRow>& rows);

// Calls `run` with "?, ?, …" and the arguments for it, for at most 500 values at a time. The numbers of placeholders
// are few, so that statements are prepared once.
template <typename T>
Status ForEachList(const std::vector<T>& values,
                   absl::FunctionRef<Status(const std::string& marks, std::vector<sql::Args::Arg>& args)> run) {
  for (std::size_t begin = 0; begin < values.size(); begin += 500) {
    const std::size_t count = std::min<std::size_t>(500, values.size() - begin);
    const std::size_t padded = count <= 1 ? 1 : count <= 10 ? 10 : count <= 100 ? 100 : 500;
    std::string marks = "?";
    std::vector<sql::Args::Arg> args;
    for (std::size_t i = 0; i < padded; ++i) {
      args.emplace_back(values[begin + std::min(i, count - 1)]);
      if (i > 0) marks += ", ?";
    }
    MARU_RETURN_IF_ERROR(run(marks, args));
  }
  return OkStatus();
}

// The row of a trace in a workspace; kNotFound in MLflow's words.
Result<std::int64_t> FindTrace(sql::Reader& reader, std::string_view workspace, std::string_view trace_id);
Status NoSuchTrace(std::string_view trace_id);

Status PutTag(sql::Writer& writer, std::int64_t row, std::string_view key, std::string_view value);
Status PutMetadata(sql::Writer& writer, std::int64_t row, std::string_view key, std::string_view value);

// Of `trace_assessments a`; the order that ReadAssessment expects.
inline constexpr std::string_view kAssessmentColumns =
    "a.assessment_id, a.name, a.kind, a.value, a.error, a.source_type, a.source_id, a.created_ms, a.updated_ms, "
    "a.run_id, a.span_id, a.rationale, a.overrides, a.valid, a.metadata";
// Without trace_id. `first` is the column where they start.
Assessment ReadAssessment(const sql::Row& row, int first);
Status PutAssessment(sql::Writer& writer, std::int64_t row, const Assessment& assessment);
std::string_view KindName(AssessmentKind kind);

// MLflow's rules for tags of traces: kInvalidArgument for a bad key; a long value is cut.
Status CheckTag(std::string_view key, std::string& value);

}  // namespace maru::traces
