#include "maru/web/pages.h"

#include "maru/web/assets.h"

namespace maru::web {
namespace {

// Scripts only from here, nothing inline. Mantine writes style attributes, hence 'unsafe-inline' for styles alone.
constexpr char kContentSecurityPolicy[] =
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; "
    "font-src 'self'; connect-src 'self'; media-src 'self'; frame-src 'self'; manifest-src 'self'; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'none'";

// Every first segment that the page resolves itself; web/src/app/routes.tsx has the same list.
constexpr const char* kAddresses[] = {"/experiments", "/runs",   "/compare",  "/models",
                                      "/endpoints",   "/events", "/settings", "/login"};

constexpr char kNotBuilt[] =
    "<!doctype html><meta charset=utf-8><title>maru</title>"
    "<p>This maru was built without its web page, because npm was not found. Put Node 20.19 or newer with npm on the "
    "PATH and build again; <code>cmake -DMARU_WEB=ON</code> says what is missing."
    "<p>Every API works as it is: <a href=/api/maru/v1/openapi.json>/api/maru/v1/openapi.json</a>.";

void AddSecurityHeaders(http::Reply& reply) {
  reply.headers.Add("Content-Security-Policy", kContentSecurityPolicy);
  reply.headers.Add("X-Frame-Options", "DENY");
  reply.headers.Add("Referrer-Policy", "same-origin");
  reply.headers.Add("Cross-Origin-Opener-Policy", "same-origin");
  reply.headers.Add("Permissions-Policy", "camera=(), geolocation=(), microphone=()");
}

Result<http::Reply> Send(const Asset& asset, const http::Request& request) {
  http::Reply reply;
  reply.content_type = asset.content_type;
  AddSecurityHeaders(reply);
  reply.headers.Add("ETag", std::string(asset.etag));
  reply.headers.Add("Cache-Control", asset.immutable ? "public, max-age=31536000, immutable" : "no-cache");
  reply.headers.Add("Vary", "Accept-Encoding");
  if (request.headers.Get("If-None-Match").find(asset.etag) != std::string_view::npos) {
    reply.status = 304;
    return reply;
  }
  if (asset.gzip && request.headers.Get("Accept-Encoding").find("gzip") != std::string_view::npos) {
    reply.headers.Add("Content-Encoding", "gzip");
    reply.body = Stored(asset);
    return reply;
  }
  MARU_ASSIGN_OR_RETURN(reply.body, Plain(asset));
  return reply;
}

Result<http::Reply> SendPage(const http::Request& request) {
  if (const Asset* page = FindAsset("/index.html")) return Send(*page, request);
  http::Reply reply{.status = 503, .content_type = "text/html; charset=utf-8", .body = kNotBuilt};
  AddSecurityHeaders(reply);
  return reply;
}

Result<http::Reply> SendFile(const http::Request& request) {
  if (const Asset* asset = FindAsset(request.path)) return Send(*asset, request);
  return NotFound("the page has no file {}", request.path);
}

http::Reply FormatError(const Status& status, const http::Request&) {
  http::Reply reply = http::Reply::Text(std::string(status.message()) + "\n");
  reply.status = status.code() == absl::StatusCode::kNotFound ? 404 : 500;
  AddSecurityHeaders(reply);
  return reply;
}

}  // namespace

void MountPages(http::Router& router) {
  const auto add = [&](std::string path, Result<http::Reply> (*send)(const http::Request&)) {
    router.Add({http::Verb::kGet, std::move(path), Permission::kPublic, http::Handler(send), FormatError});
  };
  add("/", SendPage);
  for (const std::string address : kAddresses) {
    add(address, SendPage);
    add(address + "/{rest...}", SendPage);
  }
  add("/assets/{file}", SendFile);
  add("/favicon.svg", SendFile);
  add("/theme.js", SendFile);
}

}  // namespace maru::web
