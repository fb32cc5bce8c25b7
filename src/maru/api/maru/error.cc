#include "maru/api/maru/error.h"

#include "maru/json/json.h"

namespace maru::api::own {
namespace {

struct ErrorBody {
  std::string code;
  std::string message;
};
BOOST_DESCRIBE_STRUCT(ErrorBody, (), (code, message))

struct Mapping {
  absl::StatusCode code;
  int http_status;
};

constexpr Mapping kMappings[] = {
    {absl::StatusCode::kInvalidArgument, 400},    {absl::StatusCode::kOutOfRange, 400},
    {absl::StatusCode::kUnauthenticated, 401},    {absl::StatusCode::kPermissionDenied, 403},
    {absl::StatusCode::kNotFound, 404},           {absl::StatusCode::kAlreadyExists, 409},
    {absl::StatusCode::kFailedPrecondition, 409}, {absl::StatusCode::kAborted, 409},
    {absl::StatusCode::kResourceExhausted, 429},  {absl::StatusCode::kUnimplemented, 501},
    {absl::StatusCode::kUnavailable, 503},        {absl::StatusCode::kDeadlineExceeded, 504},
};

}  // namespace

http::Reply FormatError(const Status& status, const http::Request&) {
  int http_status = 500;
  for (const Mapping& mapping : kMappings) {
    if (mapping.code == status.code()) http_status = mapping.http_status;
  }
  const ErrorBody body{absl::StatusCodeToString(status.code()),
                       http_status == 500 ? "internal error; the server's log has the details under this request id"
                                          : std::string(status.message())};
  http::Reply reply = http::Reply::Json(json::Encode(body));
  reply.status = http_status;
  return reply;
}

}  // namespace maru::api::own
