// What KServe v2 and Triton clients ask besides predictions: health, what the server can do, what a model takes and
// gives, which models there are, and how they fare.
#pragma once

#include "maru/http/message.h"
#include "maru/serving/endpoint_service.h"

namespace maru::api::kserve {

Result<http::Reply> Live(serving::EndpointService& service, const http::Request& request);
Result<http::Reply> Ready(serving::EndpointService& service, const http::Request& request);
Result<http::Reply> ServerMetadata(serving::EndpointService& service, const http::Request& request);
Result<http::Reply> ModelReady(serving::EndpointService& service, const http::Request& request);
Result<http::Reply> ModelMetadata(serving::EndpointService& service, const http::Request& request);
Result<http::Reply> ModelConfig(serving::EndpointService& service, const http::Request& request);
Result<http::Reply> ModelStatistics(serving::EndpointService& service, const http::Request& request);
Result<http::Reply> RepositoryIndex(serving::EndpointService& service, const http::Request& request);

}  // namespace maru::api::kserve
