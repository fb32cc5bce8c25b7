#include "maru/json/json.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

namespace maru::json {
namespace {

enum class Color { kRed, RED_ISH };
BOOST_DESCRIBE_ENUM(Color, kRed, RED_ISH)

struct Point {
  double value = 0;
  std::int64_t step = 0;
};
BOOST_DESCRIBE_STRUCT(Point, (), (value, step))

struct Document {
  std::string run_id;
  std::optional<std::int64_t> start_time;
  std::vector<Point> metrics;
  std::map<std::string, std::string> tags;
  std::optional<Color> color;
  bool deleted = false;
  Raw extra;
};
BOOST_DESCRIBE_STRUCT(Document, (), (run_id, start_time, metrics, tags, color, deleted, extra))

TEST(JsonTest, ReadsEveryKindOfMember) {
  const auto d = Decode<Document>(
      R"({"run_id":"r\u00e9","startTime":"17","metrics":[{"value":"NaN","step":3.0},{"value":-1}],
          "tags":{"a":"b"},"color":"RED_ISH","deleted":true,"extra":{"x":[1, 2]},"unknown":[]})");
  ASSERT_TRUE(d.ok()) << d.status();
  EXPECT_EQ(d->run_id, "ré");
  EXPECT_EQ(d->start_time, 17);
  ASSERT_EQ(d->metrics.size(), 2u);
  EXPECT_TRUE(std::isnan(d->metrics[0].value));
  EXPECT_EQ(d->metrics[0].step, 3);
  EXPECT_EQ(d->metrics[1].value, -1);
  EXPECT_THAT(d->tags, testing::ElementsAre(testing::Pair("a", "b")));
  EXPECT_EQ(d->color, Color::RED_ISH);
  EXPECT_TRUE(d->deleted);
  EXPECT_EQ(d->extra.text, R"({"x":[1,2]})");
}

TEST(JsonTest, NullAndAbsentKeepTheDefault) {
  const auto d = Decode<Document>(R"({"run_id":null})");
  ASSERT_TRUE(d.ok()) << d.status();
  EXPECT_EQ(d->run_id, "");
  EXPECT_EQ(d->start_time, std::nullopt);
}

TEST(JsonTest, ErrorsNameThePlace) {
  const auto message = [](std::string_view text) { return std::string(Decode<Document>(text).status().message()); };
  EXPECT_EQ(message(R"({"metrics":[{"value":1},{"value":"abc"}]})"),
            R"(metrics[1].value: expected a number, got "abc")");
  EXPECT_EQ(message(R"({"start_time":1.5})"), "start_time: expected an integer, got 1.5");
  EXPECT_EQ(message(R"({"tags":[]})"), "tags: expected an object, got []");
  EXPECT_EQ(message(R"([])"), "the body: expected an object, got []");
  EXPECT_THAT(message("{"), testing::HasSubstr("not valid JSON"));
  EXPECT_THAT(message(""), testing::HasSubstr("empty body"));
}

TEST(JsonTest, WritesWhatItReads) {
  const Document d{
      .run_id = "a\"\n\x01", .metrics = {{0.1, 2}, {INFINITY, 0}}, .tags = {{"k", "v"}}, .color = Color::RED_ISH};
  const std::string text = Encode(d);
  EXPECT_EQ(text, R"({"run_id":"a\"\n\u0001","metrics":[{"value":0.1,"step":2},{"value":"Infinity","step":0}],)"
                  R"("tags":{"k":"v"},"color":"RED_ISH","deleted":false,"extra":null})");
  const auto again = Decode<Document>(text);
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(Encode(*again), text);
}

}  // namespace
}  // namespace maru::json
