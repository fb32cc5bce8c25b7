#include "maru/api/kserve/error.h"

#include "maru/json/json.h"

namespace maru::api::kserve {

struct ErrorBody {
  std::string error;
};
BOOST_DESCRIBE_STRUCT(ErrorBody, (), (error))

namespace {

// As Triton's HTTP front-end maps its own codes; an overloaded or absent model is 503 there.
int HttpStatus(absl::StatusCode code) {
  switch (code) {
    case absl::StatusCode::kInvalidArgument:
    case absl::StatusCode::kOutOfRange:
    case absl::StatusCode::kFailedPrecondition:
      return 400;
    case absl::StatusCode::kUnauthenticated:
      return 401;
    case absl::StatusCode::kPermissionDenied:
      return 403;
    case absl::StatusCode::kNotFound:
      return 404;
    case absl::StatusCode::kAlreadyExists:
    case absl::StatusCode::kAborted:
      return 409;
    case absl::StatusCode::kUnimplemented:
      return 501;
    case absl::StatusCode::kResourceExhausted:
    case absl::StatusCode::kUnavailable:
      return 503;
    case absl::StatusCode::kDeadlineExceeded:
      return 504;
    default:
      return 500;
  }
}

}  // namespace

http::Reply FormatError(const Status& status, const http::Request&) {
  const int http_status = HttpStatus(status.code());
  ErrorBody body{std::string(status.message())};
  if (http_status == 500) body.error = "internal error; the server's log has the details under this request id";
  http::Reply reply = http::Reply::Json(json::Encode(body));
  reply.status = http_status;
  if (http_status == 503) reply.headers.Add("Retry-After", "1");
  return reply;
}

}  // namespace maru::api::kserve
