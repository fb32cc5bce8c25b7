// GET /ajax-api/…/get-trace-artifact: the spans of a trace as MLflow's page reads them, and attachments of spans.
#include "maru/api/mlflow/artifact_reply.h"
#include "maru/api/mlflow/error.h"
#include "maru/api/mlflow/traces.h"

namespace maru::api::mlflow {
namespace {

constexpr std::string_view kArtifactLocation = "mlflow.artifactLocation";
constexpr std::string_view kSpansLocation = "mlflow.trace.spansLocation";

Result<http::Reply> GetTraceArtifact(traces::TraceService& service, artifacts::ArtifactService& artifacts,
                                     const http::Request& request) {
  const std::string_view trace_id = request.Query("request_id").value_or("");
  if (trace_id.empty()) {
    return WithErrorCode(InvalidArgument("Request must include the \"request_id\" query parameter."), "BAD_REQUEST");
  }
  const std::string_view path = request.Query("path").value_or("");
  MARU_ASSIGN_OR_RETURN(const traces::TraceInfo info, service.GetInfo(request.caller, trace_id));
  const auto location = info.tags.find(std::string(kSpansLocation));
  if (path.empty() && location != info.tags.end() && location->second == "TRACKING_STORE") {
    MARU_ASSIGN_OR_RETURN(const traces::Trace trace,
                          service.GetTrace(request.caller, trace_id, /*allow_partial=*/true));
    http::Reply reply{.content_type = "application/octet-stream", .body = R"({"spans":[)"};
    for (std::size_t i = 0; i < trace.spans.size(); ++i) {
      if (i > 0) reply.body += ',';
      reply.body += trace.spans[i];
    }
    reply.body += "]}";
    reply.headers.Add("Content-Disposition", AttachmentHeader("traces.json"));
    return reply;
  }
  // Traces of older clients, and attachments, lie with the experiment's artifacts.
  const auto root = info.tags.find(std::string(kArtifactLocation));
  if (root == info.tags.end()) return NotFound("Trace with ID '{}' has no artifacts.", trace_id);
  MARU_ASSIGN_OR_RETURN(const artifacts::Tree tree, artifacts.At(request.caller, root->second));
  return Download(artifacts, tree, path.empty() ? "traces.json" : fmt::format("attachments/{}", path), request);
}

}  // namespace

void MountTraceArtifacts(http::Router& router, traces::TraceService& service, artifacts::ArtifactService& artifacts) {
  for (const char* version : {"2.0", "3.0"}) {
    router.Add({http::Verb::kGet, fmt::format("/ajax-api/{}/mlflow/get-trace-artifact", version), Permission::kView,
                http::Handler([&service, &artifacts](const http::Request& request) {
                  return GetTraceArtifact(service, artifacts, request);
                }),
                FormatError});
  }
}

}  // namespace maru::api::mlflow
