#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "maru/json/element.h"

namespace maru::json {
namespace {

template <typename T>
Result<std::vector<T>> Read(std::string_view text, std::size_t count) {
  MARU_ASSIGN_OR_RETURN(const Element root, Parse(text));
  std::vector<T> out(count);
  MARU_RETURN_IF_ERROR(root.ReadNumbers(std::span<T>(out)));
  return out;
}

TEST(NumbersTest, FlattensRowMajor) {
  EXPECT_THAT(*Read<float>("[[1,2.5],[3,-4e2]]", 4), testing::ElementsAre(1, 2.5f, 3, -400));
  EXPECT_THAT(*Read<std::int64_t>("[9223372036854775807,-9223372036854775808]", 2),
              testing::ElementsAre(INT64_MAX, INT64_MIN));
  EXPECT_THAT(*Read<std::uint64_t>("[18446744073709551615]", 1), testing::ElementsAre(UINT64_MAX));
  EXPECT_THAT(*Read<std::uint8_t>("[255, 3.0]", 2), testing::ElementsAre(255, 3));
  EXPECT_TRUE(Read<float>("[]", 0).ok());
}

TEST(NumbersTest, NotANumberAndInfinities) {
  const auto values = Read<double>(R"([null,"NaN","Infinity","-Infinity"])", 4);
  ASSERT_TRUE(values.ok());
  EXPECT_TRUE(std::isnan((*values)[0]) && std::isnan((*values)[1]));
  EXPECT_EQ((*values)[2], HUGE_VAL);
  EXPECT_EQ((*values)[3], -HUGE_VAL);
}

TEST(NumbersTest, RefusesWhatDoesNotFit) {
  EXPECT_FALSE(Read<float>("[1,2]", 3).ok());
  EXPECT_FALSE(Read<float>("[1,2]", 1).ok());
  EXPECT_FALSE(Read<float>("1", 1).ok());
  EXPECT_FALSE(Read<float>("[true]", 1).ok());
  EXPECT_FALSE(Read<float>(R"(["1"])", 1).ok());
  EXPECT_FALSE(Read<std::int8_t>("[128]", 1).ok());
  EXPECT_FALSE(Read<std::uint8_t>("[-1]", 1).ok());
  EXPECT_FALSE(Read<std::int32_t>("[1.5]", 1).ok());
  EXPECT_FALSE(Read<std::int64_t>("[9223372036854775808]", 1).ok());
  EXPECT_FALSE(Read<std::int64_t>("[9.3e18]", 1).ok());
  EXPECT_FALSE(Read<std::int32_t>("[null]", 1).ok());
  EXPECT_FALSE(Read<float>("[{}]", 1).ok());
}

}  // namespace
}  // namespace maru::json
