// MLflow's scoring protocol: POST /invocations, and /endpoints/{name}/invocations where there are several.
#pragma once

#include "maru/http/router.h"
#include "maru/serving/endpoint_service.h"

namespace maru::api::mlflow {

// `service` must outlive the router.
void MountInvocations(http::Router& router, serving::EndpointService& service);

}  // namespace maru::api::mlflow
