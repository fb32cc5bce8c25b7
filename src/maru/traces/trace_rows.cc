#include "maru/traces/trace_rows.h"

#include <absl/container/flat_hash_map.h>

#include <cmath>

#include "maru/json/json.h"
#include "maru/traces/json_text.h"
#include "maru/traces/keys.h"

namespace maru::traces {
namespace {

constexpr std::size_t kTagKeyCharactersMax = 250;
constexpr std::size_t kTagValueCharactersMax = 8000;
constexpr std::size_t kNameCharactersMax = 4096;
constexpr std::size_t kSessionCharactersMax = 250;

Status TooLong(std::string_view what, std::size_t limit) {
  return InvalidArgument("'{}' exceeds the maximum length of {} characters", what, limit);
}

std::optional<std::string> Take(Labels& labels, std::string_view key) {
  const auto found = labels.find(std::string(key));
  if (found == labels.end()) return std::nullopt;
  std::string value = std::move(found->second);
  labels.erase(found);
  return value;
}

AssessmentKind KindOf(std::string_view name) {
  if (name == "expectation") return AssessmentKind::kExpectation;
  return name == "issue" ? AssessmentKind::kIssue : AssessmentKind::kFeedback;
}

// The number that charts and < > compare, and whether the value is one: true and "yes" count as 1 in averages only.
struct Number {
  std::optional<double> value;
  bool is_number = false;
};

Number NumberIn(std::string_view json) {
  const auto parsed = json::Parse(json);
  if (!parsed.ok()) return {};
  switch (parsed->kind()) {
    case json::Kind::kInt:
    case json::Kind::kUint:
    case json::Kind::kDouble:
      return {parsed->AsDouble(), true};
    case json::Kind::kBool:
      return {parsed->AsBool() ? 1.0 : 0.0, false};
    case json::Kind::kString: {
      std::string text(parsed->AsString());
      for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
      if (text == "yes") return {1.0, false};
      if (text == "no") return {0.0, false};
      return {};
    }
    default:
      return {};
  }
}

}  // namespace

Result<Promoted> Promote(Labels& tags, Labels& metadata) {
  Promoted promoted;
  promoted.name = Take(tags, kTraceName);
  if (promoted.name && CountCharacters(*promoted.name) > kNameCharactersMax)
    return TooLong("Trace name", kNameCharactersMax);
  promoted.spans_location = Take(tags, kSpansLocation);
  tags.erase(std::string(kArtifactLocation));  // ours to say
  promoted.session_id = Take(metadata, kTraceSession);
  if (promoted.session_id && CountCharacters(*promoted.session_id) > kSessionCharactersMax) {
    return TooLong("Session ID", kSessionCharactersMax);
  }
  if (const auto text = Take(metadata, kTokenUsage)) promoted.tokens = ParseTokens(*text).value_or(TokenCounts());
  if (const auto text = Take(metadata, kCost)) promoted.costs = ParseCosts(*text).value_or(Costs());
  metadata.erase(std::string(kInfoFinalized));
  return promoted;
}

InfoRow ReadInfoRow(const sql::Row& row) {
  InfoRow out;
  TraceInfo& info = out.info;
  out.row = row.Int(0);
  info.trace_id = row.String(1);
  info.experiment_id = row.String(2);
  info.request_time_ms = row.Int(3);
  info.execution_ms = row.OptionalInt(4);
  info.state = row.String(5);
  if (!row.IsNull(6)) info.tags.emplace(kTraceName, row.String(6));
  info.client_request_id = row.OptionalString(7);
  info.request_preview = row.OptionalString(8);
  info.response_preview = row.OptionalString(9);
  if (!row.IsNull(10)) info.metadata.emplace(kTraceSession, row.String(10));
  TokenCounts tokens;
  for (std::size_t i = 0; i < tokens.size(); ++i) tokens[i] = row.OptionalInt(11 + static_cast<int>(i));
  if (std::string text = FormatTokens(tokens); !text.empty()) info.metadata.emplace(kTokenUsage, std::move(text));
  Costs costs;
  for (std::size_t i = 0; i < costs.size(); ++i) {
    const int column = 17 + static_cast<int>(i);
    if (!row.IsNull(column)) costs[i] = row.Real(column);
  }
  if (std::string text = FormatCosts(costs); !text.empty()) info.metadata.emplace(kCost, std::move(text));
  out.finalized = row.Bool(20);
  if (out.finalized) info.metadata.emplace(kInfoFinalized, "true");
  out.spans_location = row.OptionalString(21);
  if (out.spans_location) info.tags.emplace(kSpansLocation, *out.spans_location);
  if (!row.IsNull(22)) info.tags.emplace(kArtifactLocation, row.String(22));
  return out;
}

Status AddDetails(sql::Reader& reader, std::vector<InfoRow>& rows) {
  std::vector<std::int64_t> ids;
  absl::flat_hash_map<std::int64_t, TraceInfo*> by_row;
  for (InfoRow& row : rows) {
    ids.push_back(row.row);
    by_row.emplace(row.row, &row.info);
  }
  return ForEachList(ids, [&](const std::string& marks, std::vector<sql::Args::Arg>& args) -> Status {
    const auto labels = [&](const char* table, Labels TraceInfo::* member) {
      return reader.Query(fmt::format("SELECT trace, key, value FROM {} WHERE trace IN ({})", table, marks), args,
                          [&](const sql::Row& row) {
                            (by_row.at(row.Int(0))->*member).insert_or_assign(row.String(1), row.String(2));
                            return OkStatus();
                          });
    };
    MARU_RETURN_IF_ERROR(labels("trace_tags", &TraceInfo::tags));
    MARU_RETURN_IF_ERROR(labels("trace_metadata", &TraceInfo::metadata));
    return reader.Query(fmt::format("SELECT a.trace, {} FROM trace_assessments a WHERE a.trace IN ({}) "
                                    "ORDER BY a.trace, a.created_ms, a.assessment_id",
                                    kAssessmentColumns, marks),
                        args, [&](const sql::Row& row) {
                          TraceInfo& info = *by_row.at(row.Int(0));
                          info.assessments.push_back(ReadAssessment(row, 1));
                          info.assessments.back().trace_id = info.trace_id;
                          return OkStatus();
                        });
  });
}

Status NoSuchTrace(std::string_view trace_id) {
  return NotFound("Trace with ID '{}' not found.", trace_id);
}

Result<std::int64_t> FindTrace(sql::Reader& reader, std::string_view workspace, std::string_view trace_id) {
  MARU_ASSIGN_OR_RETURN(const auto found,
                        reader.QueryOne("SELECT id FROM traces WHERE workspace = ? AND trace_id = ?",
                                        {workspace, trace_id}, [](const sql::Row& row) { return row.Int(0); }));
  if (!found) return NoSuchTrace(trace_id);
  return *found;
}

Status PutTag(sql::Writer& writer, std::int64_t row, std::string_view key, std::string_view value) {
  if (key == kTraceName) return writer.Execute("UPDATE traces SET name = ? WHERE id = ?", {value, row}).status();
  return writer
      .Execute(
          "INSERT INTO trace_tags (trace, key, value) VALUES (?, ?, ?) "
          "ON CONFLICT (trace, key) DO UPDATE SET value = excluded.value",
          {row, key, value})
      .status();
}

Status PutMetadata(sql::Writer& writer, std::int64_t row, std::string_view key, std::string_view value) {
  return writer
      .Execute(
          "INSERT INTO trace_metadata (trace, key, value) VALUES (?, ?, ?) "
          "ON CONFLICT (trace, key) DO UPDATE SET value = excluded.value",
          {row, key, value})
      .status();
}

std::string_view KindName(AssessmentKind kind) {
  switch (kind) {
    case AssessmentKind::kExpectation:
      return "expectation";
    case AssessmentKind::kIssue:
      return "issue";
    case AssessmentKind::kFeedback:
      break;
  }
  return "feedback";
}

Assessment ReadAssessment(const sql::Row& row, int first) {
  Assessment a;
  a.id = row.String(first);
  a.name = row.String(first + 1);
  a.kind = KindOf(row.Text(first + 2));
  a.value = row.String(first + 3);
  a.error = row.OptionalString(first + 4);
  a.source_type = row.String(first + 5);
  a.source_id = row.OptionalString(first + 6);
  a.created_ms = row.Int(first + 7);
  a.updated_ms = row.Int(first + 8);
  a.run_id = row.OptionalString(first + 9);
  a.span_id = row.OptionalString(first + 10);
  a.rationale = row.OptionalString(first + 11);
  a.overrides = row.OptionalString(first + 12);
  a.valid = row.Bool(first + 13);
  if (!row.IsNull(first + 14)) {
    if (auto metadata = json::Decode<Labels>(row.Text(first + 14)); metadata.ok()) a.metadata = *std::move(metadata);
  }
  return a;
}

Status PutAssessment(sql::Writer& writer, std::int64_t row, const Assessment& a) {
  const Number number = NumberIn(a.value);
  std::optional<std::string> metadata;
  if (!a.metadata.empty()) metadata = json::Encode(a.metadata);
  return writer
      .Execute(
          "INSERT INTO trace_assessments (trace, assessment_id, name, kind, value, error, source_type, source_id, "
          "created_ms, updated_ms, run_id, span_id, rationale, overrides, valid, metadata, number, is_number, "
          "in_session) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) "
          "ON CONFLICT (trace, assessment_id) DO UPDATE SET name = excluded.name, value = excluded.value, "
          "error = excluded.error, updated_ms = excluded.updated_ms, rationale = excluded.rationale, "
          "valid = excluded.valid, metadata = excluded.metadata, number = excluded.number, "
          "is_number = excluded.is_number, in_session = excluded.in_session",
          {row, a.id, a.name, KindName(a.kind), a.value, a.error, a.source_type, a.source_id, a.created_ms,
           a.updated_ms, a.run_id, a.span_id, a.rationale, a.overrides, a.valid, metadata, number.value,
           number.is_number, a.metadata.contains(std::string(kTraceSession))})
      .status();
}

Status CheckTag(std::string_view key, std::string& value) {
  bool fine = !key.empty();
  for (const char c : key) {
    fine = fine && (std::isalnum(static_cast<unsigned char>(c)) || (c & 0x80) ||
                    std::string_view("_-. :/").find(c) != std::string_view::npos);
  }
  if (!fine) {
    return InvalidArgument(
        "Invalid tag name: '{}'. Names may only contain alphanumerics, underscores (_), dashes (-), "
        "periods (.), spaces ( ), colons(:) and slashes (/).",
        key);
  }
  // As a path it must be plain: no empty, "." or ".." segments.
  for (std::size_t begin = 0; begin <= key.size();) {
    const std::size_t end = std::min(key.find('/', begin), key.size());
    const std::string_view segment = key.substr(begin, end - begin);
    if (segment.empty() || segment == "." || segment == "..") {
      return InvalidArgument(
          "Invalid tag name: '{}'. Names may be treated as files in certain cases, and must not "
          "resolve to other names when treated as such.",
          key);
    }
    begin = end + 1;
  }
  if (CountCharacters(key) > kTagKeyCharactersMax) return TooLong("key", kTagKeyCharactersMax);
  if (value.size() > kTagValueCharactersMax) value = FirstCharacters(value, kTagValueCharactersMax);
  return OkStatus();
}

}  // namespace maru::traces
