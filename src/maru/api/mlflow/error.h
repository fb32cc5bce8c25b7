// MLflow's error shape, {"error_code": "RESOURCE_DOES_NOT_EXIST", "message": "…"}, and its HTTP status for each code.
#pragma once

#include "maru/http/message.h"
#include "maru/http/router.h"

namespace maru::api::mlflow {

// Attaches one of MLflow's own error codes to a status where the usual mapping is not the one its clients expect.
Status WithErrorCode(Status status, std::string_view error_code);

// http::ErrorFormatter of every MLflow route.
http::Reply FormatError(const Status& status, const http::Request& request);

// The same shape for requests below MLflow's addresses that match no route, or that cannot be read at all.
void SetFallbacks(http::Router& router);

}  // namespace maru::api::mlflow
