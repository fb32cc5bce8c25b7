#include "maru/api/mlflow/invocations.h"

#include "maru/api/mlflow/error.h"
#include "maru/api/mlflow/scoring_request.h"

namespace maru::api::mlflow {
namespace {

constexpr std::string_view kContentTypes[] = {"application/json", "text/csv", "application/vnd.apache.parquet"};

class ScoringCall final : public serving::InferCall {
 public:
  ScoringCall(serving::RevisionHandle revision, http::Request http, http::Responder respond)
      : revision_(std::move(revision)), http_(std::move(http)), respond_(std::move(respond)) {
    raw_content_type = http_.headers.Get("Content-Type");
    raw_body = http_.body;
    raw = !revision_->runtime().in_process();  // those have MLflow's own library at hand
  }

  std::size_t size_bytes() const override { return http_.body.size(); }

  Status Prepare(const serving::ModelMetadata& model) override {
    if (raw) return OkStatus();
    return DecodeScoring(raw_content_type, http_.body, model, revision_->options().signature, arena, request,
                         frame_rows_);
  }

  void Done() override {
    const std::unique_ptr<ScoringCall> self(this);
    if (!status.ok()) return respond_(status);
    if (!raw) return respond_(http::Reply::Json(EncodeScoring(response, frame_rows_)));
    respond_(http::Reply{
        .status = raw_reply.status, .content_type = raw_reply.content_type, .body = std::move(raw_reply.body)});
  }

 private:
  const serving::RevisionHandle revision_;
  const http::Request http_;
  const http::Responder respond_;
  std::optional<std::size_t> frame_rows_;
};

http::Reply UnsupportedType(std::string_view sent) {
  http::Reply reply = http::Reply::Text(
      fmt::format("This predictor only supports the following content types: application/json, text/csv. Got '{}'.",
                  sent.substr(0, 100)));
  reply.status = 415;
  return reply;
}

// The endpoint of a bare /invocations: the one that ?endpoint= names, or the only one there is.
Result<std::string> OnlyEndpoint(serving::EndpointService& service, const http::Request& request) {
  if (const auto named = request.Query("endpoint")) return std::string(*named);
  const auto served = service.Served(request.caller.workspace);
  if (served.size() == 1) return served[0].name;
  if (served.empty()) return NotFound("nothing is deployed here; deploy a model first: maru deploy models:/NAME@ALIAS");
  std::string names;
  for (const serving::ServedModel& model : served) names += (names.empty() ? "" : ", ") + model.name;
  return InvalidArgument("there are several endpoints; post to /endpoints/NAME/invocations, NAME one of {}", names);
}

void Invoke(serving::EndpointService& service, http::Request request, http::Responder respond) {
  std::string name(request.Capture("name"));
  if (name.empty()) {
    Result<std::string> only = OnlyEndpoint(service, request);
    if (!only.ok()) return respond(only.status());
    name = *std::move(only);
  }
  auto revision = service.ReadyRevision(request.caller.workspace, name, /*for_a_call=*/true);
  if (!revision.ok()) return respond(revision.status());
  const std::string_view type = request.headers.Get("Content-Type");
  bool known = false;
  for (const std::string_view supported : kContentTypes) known = known || type.starts_with(supported);
  if (!known || ((*revision)->runtime().in_process() && type.starts_with(kContentTypes[2]))) {
    return respond(UnsupportedType(type));
  }
  auto call = std::make_unique<ScoringCall>(*revision, std::move(request), std::move(respond));
  serving::Revision::Start(*std::move(revision), std::move(call));
}

}  // namespace

void MountInvocations(http::Router& router, serving::EndpointService& service) {
  for (const char* path : {"/invocations", "/endpoints/{name}/invocations"}) {
    router.Add({http::Verb::kPost, path, Permission::kView,
                http::AsyncHandler([&service](http::Request request, http::Responder respond) {
                  Invoke(service, std::move(request), std::move(respond));
                }),
                FormatError});
  }
  // The probe of MLflow's scoring server.
  router.Add({http::Verb::kGet, "/ping", Permission::kPublic,
              http::Handler([](const http::Request&) -> Result<http::Reply> { return http::Reply::Text("\n"); }),
              FormatError});
}

}  // namespace maru::api::mlflow
