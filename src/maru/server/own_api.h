// Mounts maru's own API on the services, and owns what belongs to the API alone: the live stream and the server's
// facts.
#pragma once

#include <memory>

#include "maru/api/maru/accounts.h"
#include "maru/api/maru/live_hub.h"
#include "maru/api/maru/mount.h"
#include "maru/base/status.h"
#include "maru/http/router.h"

namespace maru::server {

class OwnApi {
 public:
  struct Services {
    events::EventLog& events;
    tracking::ExperimentService& experiments;
    tracking::RunService& runs;
    registry::ModelService& models;
    artifacts::ArtifactService& artifacts;
    serving::EndpointService& endpoints;
    api::own::AccountsAccess* accounts;  // null without --auth
  };

  // The services must outlive the result, and the result the router.
  static Result<std::unique_ptr<OwnApi>> Mount(http::Router& router, const Services& services);

 private:
  OwnApi(events::EventLog& log, std::unique_ptr<api::own::LiveHub> hub) : hub_(std::move(hub)), live_{log, *hub_} {}

  const std::unique_ptr<api::own::LiveHub> hub_;
  api::own::LiveEvents live_;
  api::own::ServerFacts facts_;
};

}  // namespace maru::server
