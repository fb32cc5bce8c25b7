#include "maru/tracking/series_codec.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <limits>
#include <random>

namespace maru::tracking {
namespace {

struct Series {
  const char* name;
  std::function<MetricPoint(std::size_t i, std::mt19937_64& random)> point;
  double bytes_per_point_max;
};

std::int64_t Time(std::size_t i, std::mt19937_64& random) {
  return 1'700'000'000'000 + 120 * std::int64_t(i) + std::int64_t(random() % 8);
}

const Series kSeries[] = {
    {"loss_of_floats",
     [](std::size_t i, auto& r) {
       return MetricPoint{static_cast<float>(2.0 / (1 + 0.001 * i) + 0.01 * std::sin(i * 0.1)), Time(i, r),
                          std::int64_t(i)};
     },
     4},
    {"noisy_floats",
     [](std::size_t i, auto& r) {
       return MetricPoint{static_cast<float>(0.3 + 0.1 * (r() % 1000003) / 1000003.0), Time(i, r), std::int64_t(i)};
     },
     4},
    {"smooth_doubles",
     [](std::size_t i, auto& r) { return MetricPoint{std::exp(-0.001 * i), Time(i, r), std::int64_t(i)}; }, 4},
    {"four_decimals",
     [](std::size_t i, auto& r) {
       return MetricPoint{std::round(1e4 * std::exp(-0.001 * i)) / 1e4, Time(i, r), std::int64_t(i) * 10};
     },
     2.2},
    {"constant", [](std::size_t, auto&) { return MetricPoint{1, 5, 0}; }, 0.1},
    {"counter", [](std::size_t i, auto&) { return MetricPoint{double(i), std::int64_t(i) * 1000, std::int64_t(i)}; },
     0.1},
    {"with_nans",
     [](std::size_t i, auto& r) { return MetricPoint{i % 50 == 7 ? NAN : i * 0.5, Time(i, r), std::int64_t(i)}; }, 2},
    {"random_bits",
     [](std::size_t, auto& r) { return MetricPoint{std::bit_cast<double>(r()), std::int64_t(r()), std::int64_t(r())}; },
     26},
    {"extremes",
     [](std::size_t i, auto&) {
       const double values[] = {0.0,
                                -0.0,
                                std::numeric_limits<double>::max(),
                                -std::numeric_limits<double>::max(),
                                std::numeric_limits<double>::denorm_min(),
                                INFINITY,
                                -INFINITY,
                                NAN};
       const std::int64_t steps[] = {0, INT64_MIN, INT64_MAX, -1};
       return MetricPoint{values[i % 8], steps[i % 4], steps[(i + 1) % 4]};
     },
     26},
};

class SeriesTest : public testing::TestWithParam<Series> {};

TEST_P(SeriesTest, ComesBackBitForBitAndSmall) {
  for (const std::size_t n :
       {std::size_t(0), std::size_t(1), std::size_t(2), std::size_t(5), std::size_t(129), kChunkPointsMax}) {
    std::mt19937_64 random(7);
    std::vector<MetricPoint> points;
    for (std::size_t i = 0; i < n; ++i) points.push_back(GetParam().point(i, random));
    const std::string bytes = EncodeChunk(points);
    std::vector<MetricPoint> back;
    ASSERT_TRUE(DecodeChunk(bytes, back).ok());
    ASSERT_EQ(back.size(), n);
    for (std::size_t i = 0; i < n; ++i) {
      ASSERT_EQ(std::bit_cast<std::uint64_t>(back[i].value), std::bit_cast<std::uint64_t>(points[i].value)) << i;
      ASSERT_EQ(back[i].step, points[i].step) << i;
      ASSERT_EQ(back[i].timestamp_ms, points[i].timestamp_ms) << i;
    }
    if (n == kChunkPointsMax) {
      const double per_point = static_cast<double>(bytes.size()) / n;
      RecordProperty("bytes_per_point", std::to_string(per_point));
      EXPECT_LT(per_point, GetParam().bytes_per_point_max);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(, SeriesTest, testing::ValuesIn(kSeries), [](const auto& i) { return i.param.name; });

TEST(SeriesCodecTest, RefusesDamage) {
  std::mt19937_64 random(1);
  std::vector<MetricPoint> points;
  for (std::size_t i = 0; i < 300; ++i) points.push_back({i * 0.1, Time(i, random), std::int64_t(i)});
  const std::string bytes = EncodeChunk(points);
  for (std::size_t cut = 0; cut < bytes.size(); ++cut) {
    std::vector<MetricPoint> out;
    EXPECT_FALSE(DecodeChunk(std::string_view(bytes).substr(0, cut), out).ok()) << cut;
  }
  for (int i = 0; i < 20'000; ++i) {  // whatever comes out, it must not crash; the sanitizers watch
    std::string damaged = bytes;
    damaged[random() % damaged.size()] = static_cast<char>(random());
    std::vector<MetricPoint> out;
    (void)DecodeChunk(damaged, out);
  }
}

}  // namespace
}  // namespace maru::tracking
