#include "maru/server/own_api.h"

#include "maru/api/maru/operation.h"
#include "maru/server/version.h"

namespace maru::server {

Result<std::unique_ptr<OwnApi>> OwnApi::Mount(http::Router& router, const Services& services) {
  MARU_ASSIGN_OR_RETURN(auto hub, api::own::LiveHub::Start(services.events));
  std::unique_ptr<OwnApi> own(new OwnApi(services.events, std::move(hub)));
  own->facts_ = {.version = kVersion,
                 .mlflow_version = kMlflowVersion,
                 .auth = services.accounts != nullptr,
                 .parts = {"experiments", "models", "endpoints", "events"}};
  api::own::Catalog catalog;
  api::own::MountServerFacts(router, catalog, own->facts_);
  api::own::MountExperiments(router, catalog, services.experiments);
  api::own::MountRuns(router, catalog, services.runs);
  api::own::MountSeries(router, catalog, services.runs);
  api::own::MountArtifacts(router, catalog, services.artifacts);
  api::own::MountSignatures(router, catalog, services.artifacts);
  api::own::MountModels(router, catalog, services.models);
  api::own::MountEndpoints(router, catalog, services.endpoints);
  api::own::MountEvents(router, catalog, own->live_);
  if (services.accounts != nullptr) api::own::MountAccounts(router, catalog, *services.accounts);
  api::own::MountOpenApi(router, catalog);
  return own;
}

}  // namespace maru::server
