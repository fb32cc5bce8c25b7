#include "maru/api/kserve/routes.h"

#include "maru/api/kserve/error.h"
#include "maru/api/kserve/infer.h"
#include "maru/api/kserve/models.h"

namespace maru::api::kserve {
namespace {

using http::Verb;

struct Row {
  Verb verb;
  const char* path;
  Permission permission;
  Result<http::Reply> (*handler)(serving::EndpointService&, const http::Request&);
};

constexpr Row kRoutes[] = {
    {Verb::kGet, "/v2", Permission::kPublic, ServerMetadata},
    {Verb::kGet, "/v2/health/live", Permission::kPublic, Live},
    {Verb::kGet, "/v2/health/ready", Permission::kPublic, Ready},
    {Verb::kGet, "/v2/models/{name}", Permission::kView, ModelMetadata},
    {Verb::kGet, "/v2/models/{name}/versions/{version}", Permission::kView, ModelMetadata},
    {Verb::kGet, "/v2/models/{name}/ready", Permission::kView, ModelReady},
    {Verb::kGet, "/v2/models/{name}/versions/{version}/ready", Permission::kView, ModelReady},
    {Verb::kGet, "/v2/models/{name}/config", Permission::kView, ModelConfig},
    {Verb::kGet, "/v2/models/{name}/versions/{version}/config", Permission::kView, ModelConfig},
    {Verb::kGet, "/v2/models/stats", Permission::kView, ModelStatistics},
    {Verb::kGet, "/v2/models/{name}/stats", Permission::kView, ModelStatistics},
    {Verb::kGet, "/v2/models/{name}/versions/{version}/stats", Permission::kView, ModelStatistics},
    {Verb::kPost, "/v2/repository/index", Permission::kView, RepositoryIndex},
};

// Predictions change nothing, so whoever may look may ask.
constexpr const char* kInferPaths[] = {"/v2/models/{name}/infer", "/v2/models/{name}/versions/{version}/infer"};

}  // namespace

void MountKserve(http::Router& router, serving::EndpointService& service) {
  for (const Row& row : kRoutes) {
    router.Add({row.verb, row.path, row.permission,
                http::Handler([&service, handler = row.handler](const http::Request& request) {
                  return handler(service, request);
                }),
                FormatError});
  }
  for (const char* path : kInferPaths) {
    router.Add({Verb::kPost, path, Permission::kView,
                http::AsyncHandler([&service](http::Request request, http::Responder respond) {
                  Infer(service, std::move(request), std::move(respond));
                }),
                FormatError});
  }
  router.SetFallback("/v2", FormatError);
}

}  // namespace maru::api::kserve
