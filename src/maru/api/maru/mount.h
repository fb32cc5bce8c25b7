// Mounts the resources of maru's own API below /api/maru/v1. Everything given must outlive the router.
#pragma once

#include <string>
#include <vector>

#include "maru/http/router.h"

namespace maru::artifacts {
class ArtifactService;
}
namespace maru::events {
class EventLog;
}
namespace maru::registry {
class ModelService;
}
namespace maru::serving {
class EndpointService;
}
namespace maru::tracking {
class ExperimentService;
class RunService;
}  // namespace maru::tracking

namespace maru::api::own {

class Catalog;
class LiveHub;

struct LiveEvents {
  events::EventLog& log;
  LiveHub& hub;
};

// What this server is: for the page's rail and for `maru status`.
struct ServerFacts {
  std::string version;
  std::string mlflow_version;
  bool auth = false;               // people have to log in
  std::vector<std::string> parts;  // that work here: "experiments", "models", "endpoints", "events"
};

void MountServerFacts(http::Router& router, Catalog& catalog, const ServerFacts& facts);
void MountExperiments(http::Router& router, Catalog& catalog, tracking::ExperimentService& service);
void MountRuns(http::Router& router, Catalog& catalog, tracking::RunService& service);
void MountSeries(http::Router& router, Catalog& catalog, tracking::RunService& service);
void MountArtifacts(http::Router& router, Catalog& catalog, artifacts::ArtifactService& service);
void MountSignatures(http::Router& router, Catalog& catalog, artifacts::ArtifactService& service);
void MountModels(http::Router& router, Catalog& catalog, registry::ModelService& service);
void MountEndpoints(http::Router& router, Catalog& catalog, serving::EndpointService& service);
void MountEvents(http::Router& router, Catalog& catalog, LiveEvents& live);

}  // namespace maru::api::own
