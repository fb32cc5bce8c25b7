#include "maru/api/mlflow/proto_time.h"

#include <gtest/gtest.h>

namespace maru::api::mlflow {
namespace {

TEST(ProtoTimeTest, WritesAndReadsTimes) {
  EXPECT_EQ(FormatTimestamp(1'744'706'958'699), "2025-04-15T08:49:18.699Z");
  EXPECT_EQ(FormatTimestamp(0), "1970-01-01T00:00:00Z");
  EXPECT_EQ(FormatTimestamp(-1), "1969-12-31T23:59:59.999Z");
  for (const std::int64_t ms : {std::int64_t{0}, std::int64_t{1'744'706'958'699}, std::int64_t{-86'400'001}}) {
    EXPECT_EQ(*ParseTimestamp(FormatTimestamp(ms)), ms);
  }
  EXPECT_EQ(*ParseTimestamp("2025-04-15T08:49:18.699123456Z"), 1'744'706'958'699);
  EXPECT_EQ(*ParseTimestamp("2025-04-15T10:49:18.7+02:00"), 1'744'706'958'700);
  for (const char* text : {"", "2025", "2025-02-30T00:00:00Z", "2025-04-15T24:00:00Z", "2025-04-15T08:49:18", "now"}) {
    EXPECT_EQ(ParseTimestamp(text).status().code(), absl::StatusCode::kInvalidArgument) << text;
  }
}

TEST(ProtoTimeTest, WritesAndReadsDurations) {
  EXPECT_EQ(FormatDuration(1500), "1.500s");
  EXPECT_EQ(FormatDuration(0), "0s");
  EXPECT_EQ(FormatDuration(-1), "-0.001s");
  EXPECT_EQ(*ParseDuration("1.5s"), 1500);
  EXPECT_EQ(*ParseDuration("-0.001s"), -1);
  EXPECT_EQ(*ParseDuration("3s"), 3000);
  for (const char* text : {"", "s", "1", "1.s", "x", "999999999999999s"}) {
    EXPECT_EQ(ParseDuration(text).status().code(), absl::StatusCode::kInvalidArgument) << text;
  }
}

}  // namespace
}  // namespace maru::api::mlflow
