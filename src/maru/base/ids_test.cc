#include "maru/base/ids.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

namespace maru {
namespace {

TEST(IdsTest, UuidIsVersion4InHex) {
  EXPECT_THAT(NewUuidHex(), testing::MatchesRegex("[0-9a-f]{12}4[0-9a-f]{3}[89ab][0-9a-f]{15}"));
}

TEST(IdsTest, NoTwoAreAlike) {
  std::set<std::string> seen;
  for (int i = 0; i < 10'000; ++i) EXPECT_TRUE(seen.insert(NewUuidHex()).second);
}

TEST(IdsTest, SecretCarriesAllItsBytes) {
  EXPECT_EQ(NewSecret(32).size(), 43u);  // ceil(256 / 6)
  EXPECT_NE(NewSecret(32), NewSecret(32));
}

TEST(IdsTest, DigitsNeverStartWithZero) {
  for (int i = 0; i < 1'000; ++i) EXPECT_THAT(NewDigits(18), testing::MatchesRegex("[1-9][0-9]{17}"));
}

}  // namespace
}  // namespace maru
