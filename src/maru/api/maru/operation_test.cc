#include "maru/api/maru/operation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace maru::api::own {
namespace {

using testing::HasSubstr;

struct Thing {
  std::string name;
  std::optional<std::string> note;
  std::vector<double> values;
};
BOOST_DESCRIBE_STRUCT(Thing, (), (name, note, values))

struct ThingRequest {
  std::string thing;
  std::int64_t limit = 10;
  bool all = false;
  std::optional<double> above;
  std::vector<std::string> tag;
};
BOOST_DESCRIBE_STRUCT(ThingRequest, (), (thing, limit, all, above, tag))

struct Things {
  ThingRequest last;
};

Result<Thing> GetThing(Things& things, const Caller& caller, ThingRequest request) {
  things.last = request;
  if (request.thing == "none") return NotFound("there is no thing called {}", request.thing);
  return Thing{request.thing + " of " + caller.principal, {}, {1.5}};
}

constexpr Row<Things> kRows[] = {
    {Verb::kGet, "/things/{thing}", Permission::kView, "One thing", Does<GetThing>},
    {Verb::kPost, "/things/{thing}", Permission::kEdit, "Change it", Does<GetThing>},
};

class OperationTest : public testing::Test {
 protected:
  OperationTest() {
    Mount(router_, catalog_, things_, "things", kRows);
    MountOpenApi(router_, catalog_);
  }

  http::Reply Send(http::Verb verb, std::string path, std::vector<std::pair<std::string, std::string>> query = {},
                   std::string body = "") {
    http::Router::Match match = router_.Find(verb, path);
    if (!match.route) return {.status = 404};
    http::Request request{.verb = verb, .path = path, .query = std::move(query), .body = std::move(body)};
    request.captures = match.captures;
    auto reply = std::get<http::Handler>(match.route->handler)(request);
    return reply.ok() ? *std::move(reply) : match.route->format_error(reply.status(), request);
  }

  Things things_;
  http::Router router_;
  Catalog catalog_;
};

TEST_F(OperationTest, ReadsThePathAndTheQuery) {
  const auto reply = Send(Verb::kGet, "/api/maru/v1/things/a%2Fb",
                          {{"limit", "3"}, {"all", "true"}, {"above", "0.5"}, {"tag", "x"}, {"tag", "y"}});
  EXPECT_EQ(reply.body, R"({"name":"a/b of anonymous","values":[1.5]})");
  EXPECT_EQ(things_.last.limit, 3);
  EXPECT_TRUE(things_.last.all);
  EXPECT_EQ(things_.last.above, 0.5);
  EXPECT_THAT(things_.last.tag, testing::ElementsAre("x", "y"));
}

TEST_F(OperationTest, ThePathWinsOverTheBody) {
  Send(Verb::kPost, "/api/maru/v1/things/a", {}, R"({"thing":"b","limit":7})");
  EXPECT_EQ(things_.last.thing, "a");
  EXPECT_EQ(things_.last.limit, 7);
}

TEST_F(OperationTest, RefusesWhatIsNotWhatItShouldBe) {
  auto reply = Send(Verb::kGet, "/api/maru/v1/things/a", {{"limit", "many"}});
  EXPECT_EQ(reply.status, 400);
  EXPECT_THAT(reply.body, HasSubstr("limit: expected a number, got \\\"many\\\""));
  reply = Send(Verb::kPost, "/api/maru/v1/things/a", {}, "{");
  EXPECT_EQ(reply.status, 400);
  reply = Send(Verb::kGet, "/api/maru/v1/things/none");
  EXPECT_EQ(reply.status, 404);
  EXPECT_EQ(reply.body, R"({"code":"NOT_FOUND","message":"there is no thing called none"})");
}

TEST_F(OperationTest, TheDocumentSaysWhatTheStructsSay) {
  const std::string document = Send(Verb::kGet, "/api/maru/v1/openapi.json").body;
  ASSERT_TRUE(json::Parse(document).ok()) << document;
  EXPECT_THAT(document, HasSubstr(R"("/api/maru/v1/things/{thing}":{"get":{"tags":["things"],"summary":"One thing")"));
  EXPECT_THAT(document, HasSubstr(R"({"name":"thing","in":"path","required":true,"schema":{"type":"string"}})"));
  EXPECT_THAT(document, HasSubstr(R"("schema":{"$ref":"#/components/schemas/Thing"})"));
  EXPECT_THAT(document, HasSubstr(R"("required":["name","values"])"));
}

}  // namespace
}  // namespace maru::api::own
