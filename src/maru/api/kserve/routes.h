// The routes of KServe v2 and Triton's HTTP protocol, under /v2. A model of the protocol is an endpoint here, and its
// version is the version of the registered model that the endpoint serves.
#pragma once

#include "maru/http/router.h"
#include "maru/serving/endpoint_service.h"

namespace maru::api::kserve {

// `service` must outlive the router.
void MountKserve(http::Router& router, serving::EndpointService& service);

}  // namespace maru::api::kserve
