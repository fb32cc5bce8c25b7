#include "maru/web/pages.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "maru/web/assets.h"

namespace maru::web {
namespace {

using testing::HasSubstr;
using testing::Not;

http::Reply Get(std::string path, std::string encoding = "gzip, br", std::string if_none_match = "") {
  http::Router router;
  MountPages(router);
  const http::Router::Match match = router.Find(http::Verb::kGet, path);
  if (!match.route) return {.status = 404};
  http::Request request;
  request.path = path;
  request.headers.Add("Accept-Encoding", std::move(encoding));
  if (!if_none_match.empty()) request.headers.Add("If-None-Match", std::move(if_none_match));
  Result<http::Reply> reply = std::get<http::Handler>(match.route->handler)(request);
  if (!reply.ok()) return match.route->format_error(reply.status(), request);
  return *std::move(reply);
}

TEST(Pages, EveryAddressGetsThePageAndItsPolicy) {
  for (const char* path :
       {"/", "/experiments", "/experiments/7", "/models/churn/versions/3", "/runs/7f3a", "/events"}) {
    const http::Reply reply = Get(path);
    EXPECT_EQ(reply.status, Assets().empty() ? 503 : 200) << path;
    EXPECT_THAT(reply.content_type, HasSubstr("text/html")) << path;
    EXPECT_THAT(std::string(reply.headers.Get("Content-Security-Policy")), HasSubstr("script-src 'self'")) << path;
  }
}

TEST(Pages, LeavesOtherAddressesAlone) {
  EXPECT_EQ(Get("/api/2.0/mlflow/runs/nothing").status, 404);
  EXPECT_EQ(Get("/assets/not-there.js").status, 404);
  EXPECT_EQ(Get("/assets/../index.html").status, 404);
}

TEST(Pages, CompressedFilesAreSentAsStoredAndUnpackToTheirLength) {
  for (const Asset& asset : Assets()) {
    const http::Reply zipped = Get(std::string(asset.path == "/index.html" ? "/" : asset.path));
    EXPECT_EQ(zipped.body, Stored(asset)) << asset.path;
    EXPECT_EQ(zipped.headers.Get("Content-Encoding"), asset.gzip ? "gzip" : "") << asset.path;
    const http::Reply plain = Get(std::string(asset.path == "/index.html" ? "/" : asset.path), "identity");
    EXPECT_EQ(plain.body.size(), asset.plain_bytes) << asset.path;
    EXPECT_FALSE(plain.headers.Has("Content-Encoding")) << asset.path;
  }
}

TEST(Pages, HashedFilesAreKeptForEverAndOthersAreAskedAgain) {
  for (const Asset& asset : Assets()) {
    const std::string path(asset.path == "/index.html" ? "/" : asset.path);
    const std::string cache(Get(path).headers.Get("Cache-Control"));
    EXPECT_EQ(cache, asset.immutable ? "public, max-age=31536000, immutable" : "no-cache") << path;
    const http::Reply again = Get(path, "gzip", std::string(asset.etag));
    EXPECT_EQ(again.status, 304) << path;
    EXPECT_EQ(again.body, "") << path;
  }
}

TEST(Pages, ThePageHasNoInlineScriptThatThePolicyWouldBlock) {
  const Asset* page = FindAsset("/index.html");
  if (!page) GTEST_SKIP() << "built without the page";
  const std::string html = *Plain(*page);
  for (std::size_t at = html.find("<script"); at != std::string::npos; at = html.find("<script", at + 1)) {
    EXPECT_THAT(html.substr(at, html.find('>', at) - at), HasSubstr(" src=")) << html;
  }
  EXPECT_THAT(html, Not(HasSubstr("http:")));
  EXPECT_THAT(html, Not(HasSubstr("https:")));
}

}  // namespace
}  // namespace maru::web
