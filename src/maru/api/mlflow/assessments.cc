#include "maru/api/mlflow/required.h"
#include "maru/api/mlflow/rpc.h"
#include "maru/api/mlflow/trace_shapes.h"
#include "maru/api/mlflow/traces.h"

namespace maru::api::mlflow {
namespace {

using traces::TraceService;

struct CreateMessage {
  std::optional<AssessmentShape> assessment;
};
BOOST_DESCRIBE_STRUCT(CreateMessage, (), (assessment))

struct AssessmentAnswer {
  AssessmentShape assessment;
};
BOOST_DESCRIBE_STRUCT(AssessmentAnswer, (), (assessment))

Result<AssessmentAnswer> CreateAssessment(TraceService& service, const http::Request& request, CreateMessage in) {
  if (!in.assessment) return Missing("assessment");
  MARU_ASSIGN_OR_RETURN(traces::Assessment assessment, ReadAssessment(*in.assessment));
  assessment.id.clear();  // ours to give
  assessment.trace_id = request.Capture("trace_id");
  MARU_ASSIGN_OR_RETURN(const traces::Assessment created,
                        service.CreateAssessment(request.caller, std::move(assessment)));
  return AssessmentAnswer{ShapeOf(created)};
}

Result<AssessmentAnswer> GetAssessment(TraceService& service, const http::Request& request, Empty) {
  MARU_ASSIGN_OR_RETURN(
      const traces::Assessment found,
      service.GetAssessment(request.caller, request.Capture("trace_id"), request.Capture("assessment_id")));
  return AssessmentAnswer{ShapeOf(found)};
}

struct UpdateMessage {
  std::optional<AssessmentShape> assessment;
  std::optional<std::string> update_mask;  // "assessmentName,feedback", as protobuf's JSON mapping writes field masks
};
BOOST_DESCRIBE_STRUCT(UpdateMessage, (), (assessment, update_mask))

Result<AssessmentAnswer> UpdateAssessment(TraceService& service, const http::Request& request, UpdateMessage in) {
  if (!in.assessment) return Missing("assessment");
  if (!in.update_mask) return Missing("update_mask");
  const AssessmentShape& shape = *in.assessment;
  traces::AssessmentUpdate update;
  for (std::string_view rest = *in.update_mask; !rest.empty();) {
    const std::string_view path = rest.substr(0, rest.find(','));
    rest.remove_prefix(std::min(path.size() + 1, rest.size()));
    if (path == "assessmentName" || path == "assessment_name") update.name = shape.assessment_name;
    if (path == "rationale") update.rationale = shape.rationale.value_or("");
    if (path == "metadata" && shape.metadata) update.metadata = *shape.metadata;
    if (path == "feedback" && shape.feedback) {
      update.feedback_value = shape.feedback->value.text;
      if (shape.feedback->error) update.feedback_error = shape.feedback->error->text;
    }
    if (path == "expectation" && shape.expectation) {
      MARU_ASSIGN_OR_RETURN(update.expectation_value, ExpectationValue(*shape.expectation));
    }
  }
  MARU_ASSIGN_OR_RETURN(const traces::Assessment updated,
                        service.UpdateAssessment(request.caller, request.Capture("trace_id"),
                                                 request.Capture("assessment_id"), std::move(update)));
  return AssessmentAnswer{ShapeOf(updated)};
}

Result<Empty> DeleteAssessment(TraceService& service, const http::Request& request, Empty) {
  MARU_RETURN_IF_ERROR(
      service.DeleteAssessment(request.caller, request.Capture("trace_id"), request.Capture("assessment_id")));
  return Empty{};
}

constexpr Rpc<TraceService> kAssessments[] = {
    {Verb::kPost, "3.0/mlflow/traces/{trace_id}/assessments", Permission::kEdit, Call<CreateAssessment>},
    {Verb::kGet, "3.0/mlflow/traces/{trace_id}/assessments/{assessment_id}", Permission::kView, Call<GetAssessment>},
    {Verb::kPatch, "3.0/mlflow/traces/{trace_id}/assessments/{assessment_id}", Permission::kEdit,
     Call<UpdateAssessment>},
    {Verb::kDelete, "3.0/mlflow/traces/{trace_id}/assessments/{assessment_id}", Permission::kEdit,
     Call<DeleteAssessment>},
};

}  // namespace

void MountAssessments(http::Router& router, TraceService& service) {
  Mount(router, service, kAssessments);
}

}  // namespace maru::api::mlflow
