// POST /v2/models/{name}[/versions/{version}]/infer.
#pragma once

#include "maru/http/router.h"
#include "maru/serving/endpoint_service.h"

namespace maru::api::kserve {

// An http::AsyncHandler: answers on this thread when the model is quick, on another one otherwise.
void Infer(serving::EndpointService& service, http::Request request, http::Responder respond);

}  // namespace maru::api::kserve
