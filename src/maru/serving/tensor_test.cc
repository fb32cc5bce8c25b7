#include "maru/serving/tensor.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace maru::serving {
namespace {

TEST(TensorTest, NamesGoBothWays) {
  for (int i = 0; i <= static_cast<int>(DataType::kBf16); ++i) {
    const auto type = static_cast<DataType>(i);
    EXPECT_EQ(DataTypeFromName(DataTypeName(type)), type);
  }
  EXPECT_EQ(DataTypeFromName("FP8"), std::nullopt);
  EXPECT_EQ(DataTypeName(DataType::kFp32), "FP32");
}

TEST(TensorTest, CountsElementsAndRefusesLies) {
  using Dims = std::vector<std::int64_t>;
  EXPECT_EQ(*ElementCount(Dims{}), 1);
  EXPECT_EQ(*ElementCount(Dims{2, 3, 4}), 24);
  EXPECT_EQ(*ElementCount(Dims{1LL << 62, 1LL << 62, 0}), 0);
  EXPECT_FALSE(ElementCount(Dims{-1, 3}).ok());
  EXPECT_FALSE(ElementCount(Dims{1LL << 32, 1LL << 32}).ok());
  EXPECT_FALSE(ElementCount(Dims{std::numeric_limits<std::int64_t>::max(), 2}).ok());
}

TEST(TensorTest, EveryHalfSurvivesTheRoundTrip) {
  for (std::uint32_t half = 0; half < 0x10000; ++half) {
    const float wide = HalfToFloat(static_cast<std::uint16_t>(half));
    if (std::isnan(wide)) {
      EXPECT_TRUE(std::isnan(HalfToFloat(FloatToHalf(wide))));
    } else {
      EXPECT_EQ(FloatToHalf(wide), half) << wide;
    }
  }
}

TEST(TensorTest, HalfRoundsToNearestEven) {
  EXPECT_EQ(FloatToHalf(1.0f), 0x3c00);
  EXPECT_EQ(FloatToHalf(65504.0f), 0x7bff);
  EXPECT_EQ(FloatToHalf(65519.0f), 0x7bff);
  EXPECT_EQ(FloatToHalf(65520.0f), 0x7c00);
  EXPECT_EQ(FloatToHalf(1.0f + 0x1p-11f), 0x3c00);  // a tie goes to the even neighbour
  EXPECT_EQ(FloatToHalf(1.0f + 3 * 0x1p-11f), 0x3c02);
  EXPECT_EQ(FloatToHalf(0x1p-25f), 0x0000);
  EXPECT_EQ(FloatToHalf(0x1.8p-25f), 0x0001);
  EXPECT_EQ(FloatToBfloat16(1.0f), 0x3f80);
  EXPECT_EQ(Bfloat16ToFloat(0x3f80), 1.0f);
}

}  // namespace
}  // namespace maru::serving
