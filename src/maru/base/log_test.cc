#include "maru/base/log.h"

#include <gtest/gtest.h>

namespace maru::log {
namespace {

constexpr std::int64_t kTime = 1'700'000'000'123;

TEST(LogTest, WritesLinesForPrograms) {
  EXPECT_EQ(
      Format(true, kTime, Level::kWarn, "say \"hi\"\n", {{"run", "a b"}, {"n", 3}, {"s", 0.5}, {"ok", true}}),
      R"({"time":"2023-11-14T22:13:20.123Z","level":"warn","message":"say \"hi\"\n","run":"a b","n":3,"s":0.5,"ok":true})");
  EXPECT_EQ(Format(true, kTime, Level::kInfo, "x", {{"nan", 0.0 / 0.0}}),
            R"({"time":"2023-11-14T22:13:20.123Z","level":"info","message":"x","nan":null})");
}

TEST(LogTest, WritesLinesForPeople) {
  EXPECT_EQ(Format(false, kTime, Level::kInfo, "started", {{"path", "/a"}, {"name", "two words"}, {"empty", ""}}),
            "2023-11-14T22:13:20.123Z info  started path=/a name=\"two words\" empty=\"\"");
}

TEST(LogTest, NobodyForgesALine) {
  EXPECT_EQ(Format(false, kTime, Level::kInfo, "user\nerror forged", {{"name", "a\nb=c"}}),
            "2023-11-14T22:13:20.123Z info  user error forged name=\"a\\nb=c\"");
  EXPECT_EQ(Format(true, kTime, Level::kInfo, "\x01", {}).find('\x01'), std::string::npos);
}

TEST(LogTest, KnowsItsLevels) {
  EXPECT_FALSE(Configure(false, "loud").ok());
  ASSERT_TRUE(Configure(false, "warn").ok());
  EXPECT_FALSE(Enabled(Level::kInfo));
  EXPECT_TRUE(Enabled(Level::kError));
  ASSERT_TRUE(Configure(false, "info").ok());
}

}  // namespace
}  // namespace maru::log
