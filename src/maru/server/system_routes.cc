#include "maru/server/system_routes.h"

#include "maru/json/json.h"
#include "maru/server/version.h"

namespace maru::server {
namespace {

http::Reply PlainError(const Status& status, const http::Request&) {
  http::Reply reply = http::Reply::Text(std::string(status.message()) + "\n");
  switch (status.code()) {
    case absl::StatusCode::kNotFound:
      reply.status = 404;
      break;
    case absl::StatusCode::kUnauthenticated:
      reply.status = 401;
      break;
    case absl::StatusCode::kPermissionDenied:
      reply.status = 403;
      break;
    case absl::StatusCode::kUnavailable:
    case absl::StatusCode::kResourceExhausted:
      reply.status = 503;
      break;
    default:
      reply.status = 400;
  }
  return reply;
}

// Ready means that a request that needs the database would be answered.
Result<http::Reply> Ready(sql::Database& database) {
  MARU_RETURN_IF_ERROR(database.Read(
      [](sql::Reader& reader) { return reader.Query("SELECT 1", {}, [](const sql::Row&) { return OkStatus(); }); }));
  return http::Reply::Text("OK");
}

}  // namespace

void MountSystem(http::Router& router, sql::Database& database, const metrics::Registry& metrics) {
  const auto add = [&](const char* path, http::Handler handler) {
    router.Add({http::Verb::kGet, path, Permission::kPublic, std::move(handler), PlainError});
  };
  const auto ok = [](const http::Request&) -> Result<http::Reply> { return http::Reply::Text("OK"); };
  add("/health", ok);  // the path MLflow's clients and charts probe
  add("/livez", ok);
  add("/readyz", [&database](const http::Request&) { return Ready(database); });
  router.Add({http::Verb::kGet, "/metrics", Permission::kView,
              http::Handler([&metrics](const http::Request&) -> Result<http::Reply> {
                http::Reply reply = http::Reply::Text(metrics.Render());
                reply.content_type = "text/plain; version=0.0.4; charset=utf-8";
                return reply;
              }),
              PlainError});
  // MLflow's clients read their server's version here.
  add("/version", [](const http::Request&) -> Result<http::Reply> { return http::Reply::Text(kMlflowVersion); });
  router.SetFallback("", PlainError);
}

}  // namespace maru::server
