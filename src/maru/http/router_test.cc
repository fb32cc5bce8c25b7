#include "maru/http/router.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace maru::http {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;

Reply FormatHere(const Status&, const Request&) {
  return Reply{.status = 418};
}
Reply FormatThere(const Status&, const Request&) {
  return Reply{.status = 419};
}

Route Row(Verb verb, std::string path) {
  return {verb, std::move(path), Permission::kPublic, Handler([](const Request&) -> Result<Reply> { return Reply{}; }),
          FormatHere};
}

std::string Found(const Router& router, Verb verb, std::string_view path) {
  const Router::Match match = router.Find(verb, path);
  return match.route == nullptr ? (match.path_known ? "405" : "404") : match.route->path;
}

TEST(RouterTest, FindsTheMostLiteralRoute) {
  Router router;
  for (const char* path :
       {"/", "/runs", "/runs/search", "/runs/{id}", "/runs/{id}/metrics", "/files/{path...}", "/files/list"}) {
    router.Add(Row(Verb::kGet, path));
  }
  EXPECT_EQ(Found(router, Verb::kGet, "/"), "/");
  EXPECT_EQ(Found(router, Verb::kGet, "/runs"), "/runs");
  EXPECT_EQ(Found(router, Verb::kGet, "/runs/search"), "/runs/search");
  EXPECT_EQ(Found(router, Verb::kGet, "/runs/searching"), "/runs/{id}");
  EXPECT_EQ(Found(router, Verb::kGet, "/runs/search/metrics"), "/runs/{id}/metrics");
  EXPECT_EQ(Found(router, Verb::kGet, "/files/list"), "/files/list");
  EXPECT_EQ(Found(router, Verb::kGet, "/files/list/more"), "/files/{path...}");
  EXPECT_EQ(Found(router, Verb::kGet, "/files/"), "/files/{path...}");
  EXPECT_EQ(Found(router, Verb::kGet, "/files"), "404");
  EXPECT_EQ(Found(router, Verb::kGet, "/runs/"), "404");
  EXPECT_EQ(Found(router, Verb::kGet, "//runs"), "404");
  EXPECT_EQ(Found(router, Verb::kGet, "runs"), "404");
  EXPECT_EQ(Found(router, Verb::kGet, ""), "404");
}

TEST(RouterTest, CapturesAreDecodedAfterSplitting) {
  Router router;
  router.Add(Row(Verb::kGet, "/models/{name}/versions/{version}"));
  router.Add(Row(Verb::kPut, "/models/{model}/versions/{v}"));
  router.Add(Row(Verb::kGet, "/files/{path...}"));
  EXPECT_THAT(router.Find(Verb::kGet, "/models/a%2Fb%20c/versions/3").captures,
              ElementsAre(Pair("name", "a/b c"), Pair("version", "3")));
  EXPECT_THAT(router.Find(Verb::kPut, "/models/x/versions/1").captures,
              ElementsAre(Pair("model", "x"), Pair("v", "1")));
  EXPECT_THAT(router.Find(Verb::kGet, "/files/a/b%2e/c").captures, ElementsAre(Pair("path", "a/b./c")));
  EXPECT_THAT(router.Find(Verb::kGet, "/files/").captures, ElementsAre(Pair("path", "")));
}

TEST(RouterTest, TellsAWrongVerbFromAWrongPath) {
  Router router;
  router.Add(Row(Verb::kPost, "/runs/{id}"));
  router.Add(Row(Verb::kGet, "/runs/latest"));
  EXPECT_EQ(Found(router, Verb::kGet, "/runs/1"), "405");
  EXPECT_EQ(Found(router, Verb::kGet, "/run/1"), "404");
  EXPECT_EQ(Found(router, Verb::kPost, "/runs/latest"), "/runs/{id}");  // the literal one takes no POST
  EXPECT_EQ(Found(router, Verb::kHead, "/runs/latest"), "/runs/latest");
  EXPECT_THAT(router.Find(Verb::kGet, "/runs/1").captures, IsEmpty());
}

TEST(RouterTest, TheLongestFallbackWins) {
  Router router;
  EXPECT_EQ(router.Fallback("/x")(NotFound("nothing"), {}).status, 404);
  router.SetFallback("/api/", FormatHere);
  router.SetFallback("/api/v2/", FormatThere);
  EXPECT_EQ(router.Fallback("/api/v1/x")(NotFound("nothing"), {}).status, 418);
  EXPECT_EQ(router.Fallback("/api/v2/x")(NotFound("nothing"), {}).status, 419);
  EXPECT_EQ(router.Fallback("/ap")(NotFound("nothing"), {}).status, 404);
}

TEST(RouterDeathTest, TheSameShapeTwiceIsAMistake) {
  Router router;
  router.Add(Row(Verb::kGet, "/runs/{id}"));
  EXPECT_DEATH(router.Add(Row(Verb::kGet, "/runs/{run}")), "is there already");
  EXPECT_DEATH(router.Add(Row(Verb::kGet, "/x/{rest...}/y")), "must come last");
}

}  // namespace
}  // namespace maru::http
