// TraceService: what people and judges think of a trace.
#include "maru/base/ids.h"
#include "maru/json/json.h"
#include "maru/traces/trace_rows.h"
#include "maru/traces/trace_service.h"

namespace maru::traces {
namespace {

constexpr std::string_view kSourceRunId = "mlflow.assessment.sourceRunId";

struct EventPayload {
  std::string assessment_id;
  std::string name;
};
BOOST_DESCRIBE_STRUCT(EventPayload, (), (assessment_id, name))

std::string Subject(std::string_view trace_id) {
  return fmt::format("trace/{}", trace_id);
}

Status NoSuchAssessment(std::string_view trace_id, std::string_view assessment_id) {
  return NotFound("Assessment with ID '{}' not found for trace '{}'", assessment_id, trace_id);
}

Result<std::optional<Assessment>> Find(sql::Reader& reader, std::int64_t row, std::string_view trace_id,
                                       std::string_view assessment_id) {
  return reader.QueryOne(
      fmt::format("SELECT {} FROM trace_assessments a WHERE a.trace = ? AND a.assessment_id = ?", kAssessmentColumns),
      {row, assessment_id}, [&](const sql::Row& r) {
        Assessment a = ReadAssessment(r, 0);
        a.trace_id = trace_id;
        return a;
      });
}

}  // namespace

Result<Assessment> TraceService::CreateAssessment(const Caller& caller, Assessment a) {
  if (a.name.empty()) return InvalidArgument("Missing value for required parameter 'assessment.assessment_name'.");
  if (a.id.empty()) a.id = "a-" + NewUuidHex();
  if (a.created_ms == 0) a.created_ms = clock_->NowMs();
  if (a.updated_ms == 0) a.updated_ms = a.created_ms;
  if (const auto run = a.metadata.find(std::string(kSourceRunId)); run != a.metadata.end() && !a.run_id)
    a.run_id = run->second;
  const std::string payload = json::Encode(EventPayload{a.id, a.name});
  MARU_RETURN_IF_ERROR(Write([&](sql::Writer& w) -> Status {
    MARU_ASSIGN_OR_RETURN(const std::int64_t row, FindTrace(w, caller.workspace, a.trace_id));
    MARU_ASSIGN_OR_RETURN(const auto twin, Find(w, row, a.trace_id, a.id));
    if (twin) return AlreadyExists("Assessment with ID '{}' exists already for trace '{}'", a.id, a.trace_id);
    if (a.overrides) {
      MARU_ASSIGN_OR_RETURN(const std::int64_t overridden,
                            w.Execute("UPDATE trace_assessments SET valid = 0 WHERE trace = ? AND assessment_id = ?",
                                      {row, *a.overrides}));
      if (overridden == 0) return NoSuchAssessment(a.trace_id, *a.overrides);
    }
    MARU_RETURN_IF_ERROR(PutAssessment(w, row, a));
    return events_.Append(w, caller, "assessment.created", Subject(a.trace_id), payload);
  }));
  return a;
}

Result<Assessment> TraceService::GetAssessment(const Caller& caller, std::string_view trace_id,
                                               std::string_view assessment_id) {
  std::optional<Assessment> found;
  MARU_RETURN_IF_ERROR(database_.Read([&](sql::Reader& r) -> Status {
    MARU_ASSIGN_OR_RETURN(const std::int64_t row, FindTrace(r, caller.workspace, trace_id));
    MARU_ASSIGN_OR_RETURN(found, Find(r, row, trace_id, assessment_id));
    return found ? OkStatus() : NoSuchAssessment(trace_id, assessment_id);
  }));
  return *std::move(found);
}

Result<Assessment> TraceService::UpdateAssessment(const Caller& caller, std::string_view trace_id,
                                                  std::string_view assessment_id, AssessmentUpdate update) {
  if (update.feedback_value && update.expectation_value) {
    return InvalidArgument("Cannot specify both `expectation` and `feedback` parameters.");
  }
  const std::int64_t now = clock_->NowMs();
  std::optional<Assessment> found;
  MARU_RETURN_IF_ERROR(Write([&](sql::Writer& w) -> Status {
    MARU_ASSIGN_OR_RETURN(const std::int64_t row, FindTrace(w, caller.workspace, trace_id));
    MARU_ASSIGN_OR_RETURN(found, Find(w, row, trace_id, assessment_id));
    if (!found) return NoSuchAssessment(trace_id, assessment_id);
    if (update.expectation_value && found->kind != AssessmentKind::kExpectation) {
      return InvalidArgument("Cannot update expectation value on a Feedback assessment.");
    }
    if (update.feedback_value && found->kind != AssessmentKind::kFeedback) {
      return InvalidArgument("Cannot update feedback value on an Expectation assessment.");
    }
    if (update.name) found->name = *update.name;
    if (update.expectation_value) found->value = *update.expectation_value;
    if (update.feedback_value) {
      found->value = *update.feedback_value;
      found->error = update.feedback_error;
    }
    if (update.rationale) found->rationale = update.rationale;
    for (const auto& [key, value] : update.metadata) found->metadata.insert_or_assign(key, value);
    found->updated_ms = now;
    MARU_RETURN_IF_ERROR(PutAssessment(w, row, *found));
    return events_.Append(w, caller, "assessment.updated", Subject(trace_id),
                          json::Encode(EventPayload{found->id, found->name}));
  }));
  return *std::move(found);
}

Status TraceService::DeleteAssessment(const Caller& caller, std::string_view trace_id, std::string_view assessment_id) {
  return Write([&](sql::Writer& w) -> Status {
    MARU_ASSIGN_OR_RETURN(const std::int64_t row, FindTrace(w, caller.workspace, trace_id));
    MARU_ASSIGN_OR_RETURN(const auto found, Find(w, row, trace_id, assessment_id));
    if (!found) return OkStatus();
    if (found->overrides) {
      MARU_RETURN_IF_ERROR(w.Execute("UPDATE trace_assessments SET valid = 1 WHERE trace = ? AND assessment_id = ?",
                                     {row, *found->overrides})
                               .status());
    }
    MARU_RETURN_IF_ERROR(
        w.Execute("DELETE FROM trace_assessments WHERE trace = ? AND assessment_id = ?", {row, assessment_id})
            .status());
    return events_.Append(w, caller, "assessment.deleted", Subject(trace_id),
                          json::Encode(EventPayload{found->id, found->name}));
  });
}

}  // namespace maru::traces
