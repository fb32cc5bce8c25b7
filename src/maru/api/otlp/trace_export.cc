#include "maru/api/otlp/trace_export.h"

#include "maru/api/mlflow/error.h"
#include "maru/api/otlp/decode.h"
#include "maru/json/json.h"

namespace maru::api::otlp {
namespace {

struct Detail {
  std::string detail;
};
BOOST_DESCRIBE_STRUCT(Detail, (), (detail))

// What is wrong with the request itself is told as {"detail": …}, which is what MLflow's endpoint answers; what the
// store says comes in MLflow's error shape.
http::Reply Refuse(int status, std::string detail) {
  http::Reply reply = http::Reply::Json(json::Encode(Detail{std::move(detail)}));
  reply.status = status;
  return reply;
}

std::string_view MediaType(std::string_view content_type) {
  content_type = content_type.substr(0, content_type.find(';'));
  while (!content_type.empty() && content_type.back() == ' ') content_type.remove_suffix(1);
  return content_type;
}

Result<http::Reply> ExportTraces(traces::TraceService& service, const http::Request& request) {
  const std::string_view experiment_id = request.headers.Get("x-mlflow-experiment-id");
  if (experiment_id.empty()) return Refuse(422, "The header x-mlflow-experiment-id is required.");
  const std::string_view type = MediaType(request.headers.Get("Content-Type"));
  const bool is_json = type == "application/json";
  if (!is_json && type != "application/x-protobuf") {
    return Refuse(400, fmt::format("Invalid Content-Type: {}. Expected: application/x-protobuf or application/json",
                                   request.headers.Has("Content-Type") ? request.headers.Get("Content-Type") : "None"));
  }
  auto batch = is_json ? DecodeJson(request.body) : DecodeProtobuf(request.body);
  if (!batch.ok()) {
    const bool is_span = batch.status().code() == absl::StatusCode::kOutOfRange;
    return is_span ? Refuse(422, "Cannot convert OpenTelemetry span to MLflow span: " +
                                     std::string(batch.status().message()))
                   : Refuse(400, std::string(batch.status().message()));
  }
  std::vector<std::string> completed;
  for (const traces::Span& span : batch->spans) {
    if (span.parent_span_id.empty()) completed.push_back(span.trace_id);
  }
  MARU_RETURN_IF_ERROR(service.LogSpans(request.caller, experiment_id, *std::move(batch)));
  // The spans are stored; a run that is not there does not undo that.
  if (const std::string_view run_id = request.headers.Get("x-mlflow-run-id"); !run_id.empty()) {
    for (std::size_t begin = 0; begin < completed.size(); begin += 100) {
      const std::size_t end = std::min(completed.size(), begin + 100);
      if (!service.LinkToRun(request.caller, {completed.begin() + begin, completed.begin() + end}, run_id).ok()) break;
    }
  }
  // An empty ExportTraceServiceResponse, in the encoding of the request.
  http::Reply reply;
  reply.content_type = is_json ? "application/json" : "application/x-protobuf";
  reply.body = is_json ? "{}" : "";
  return reply;
}

}  // namespace

void MountTraceExport(http::Router& router, traces::TraceService& service) {
  router.Add({http::Verb::kPost, "/v1/traces", Permission::kEdit,
              http::Handler([&service](const http::Request& request) { return ExportTraces(service, request); }),
              mlflow::FormatError});
}

}  // namespace maru::api::otlp
