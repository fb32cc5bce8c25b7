#include "maru/api/mlflow/error.h"

#include <absl/strings/cord.h>

#include <span>

#include "maru/json/json.h"

namespace maru::api::mlflow {
namespace {

constexpr char kErrorCodeUrl[] = "maru/mlflow_error_code";

struct ErrorBody {
  std::string error_code;
  std::string message;
};
BOOST_DESCRIBE_STRUCT(ErrorBody, (), (error_code, message))

struct Mapping {
  absl::StatusCode code;
  const char* error_code;
  int http_status;
};

// MLflow's names and statuses: mlflow/protos/databricks.proto (ErrorCode) and mlflow/exceptions.py.
constexpr Mapping kMappings[] = {
    {absl::StatusCode::kInvalidArgument, "INVALID_PARAMETER_VALUE", 400},
    {absl::StatusCode::kOutOfRange, "INVALID_PARAMETER_VALUE", 400},
    {absl::StatusCode::kNotFound, "RESOURCE_DOES_NOT_EXIST", 404},
    {absl::StatusCode::kAlreadyExists, "RESOURCE_ALREADY_EXISTS", 400},
    {absl::StatusCode::kFailedPrecondition, "INVALID_STATE", 400},
    {absl::StatusCode::kAborted, "ABORTED", 409},
    {absl::StatusCode::kUnauthenticated, "UNAUTHENTICATED", 401},
    {absl::StatusCode::kPermissionDenied, "PERMISSION_DENIED", 403},
    {absl::StatusCode::kResourceExhausted, "REQUEST_LIMIT_EXCEEDED", 429},
    {absl::StatusCode::kUnavailable, "TEMPORARILY_UNAVAILABLE", 503},
    {absl::StatusCode::kDeadlineExceeded, "TEMPORARILY_UNAVAILABLE", 503},
    {absl::StatusCode::kUnimplemented, "NOT_IMPLEMENTED", 501},
    {absl::StatusCode::kDataLoss, "DATA_LOSS", 500},
};

// Codes that only WithErrorCode gives, with the status MLflow answers them with.
constexpr Mapping kOwnCodes[] = {
    {absl::StatusCode::kInvalidArgument, "BAD_REQUEST", 400},
    {absl::StatusCode::kNotFound, "ENDPOINT_NOT_FOUND", 404},
    {absl::StatusCode::kNotFound, "NOT_FOUND", 404},
    {absl::StatusCode::kAborted, "RESOURCE_CONFLICT", 409},
};

}  // namespace

Status WithErrorCode(Status status, std::string_view error_code) {
  status.SetPayload(kErrorCodeUrl, absl::Cord(absl::string_view(error_code.data(), error_code.size())));
  return status;
}

http::Reply FormatError(const Status& status, const http::Request&) {
  Mapping mapping{status.code(), "INTERNAL_ERROR", 500};
  for (const Mapping& m : kMappings) {
    if (m.code == status.code()) mapping = m;
  }
  ErrorBody body{mapping.error_code, std::string(status.message())};
  if (const auto own = status.GetPayload(kErrorCodeUrl)) {
    body.error_code = std::string(*own);
    for (const auto& table : {std::span<const Mapping>(kMappings), std::span<const Mapping>(kOwnCodes)}) {
      for (const Mapping& m : table) {
        if (body.error_code == m.error_code) mapping.http_status = m.http_status;
      }
    }
  } else if (mapping.http_status == 500) {
    body.message = "internal error; the server's log has the details under this request id";  // internals stay inside
  }
  http::Reply reply = http::Reply::Json(json::Encode(body));
  reply.status = mapping.http_status;
  return reply;
}

void SetFallbacks(http::Router& router) {
  // Newer clients try an address and go on without it when the server does not know it.
  const http::ErrorFormatter unknown = [](const Status& status, const http::Request& request) {
    return FormatError(absl::IsNotFound(status) ? WithErrorCode(status, "ENDPOINT_NOT_FOUND") : status, request);
  };
  for (const char* prefix : {"/api/2.0/", "/api/3.0/", "/ajax-api/", "/get-artifact", "/model-versions/"}) {
    router.SetFallback(prefix, unknown);
  }
}

}  // namespace maru::api::mlflow
