#include "maru/serving/live_stats.h"

#include <gtest/gtest.h>

namespace maru::serving {
namespace {

TEST(LatencyHistogramTest, EveryLatencyLiesInItsBucket) {
  for (std::int64_t ns = 1; ns < 200'000'000'000; ns = ns * 21 / 20 + 1) {
    const int bucket = LatencyHistogram::Bucket(ns);
    EXPECT_LE(ns * 1e-9, LatencyHistogram::UpperBoundSeconds(bucket) * 1.0001) << ns;
    if (bucket > 0) {
      EXPECT_GE(ns * 1e-9, LatencyHistogram::UpperBoundSeconds(bucket - 1) * 0.9999 - 250e-9) << ns;
    }
  }
}

TEST(LatencyHistogramTest, QuantilesAreNearTheTruth) {
  LatencyHistogram histogram;
  EXPECT_EQ(LatencyHistogram::QuantileSeconds(histogram.Counts(), 0.5), 0);
  for (int us = 1; us <= 1000; ++us) histogram.Add(us * 1000);
  EXPECT_NEAR(LatencyHistogram::QuantileSeconds(histogram.Counts(), 0.5), 500e-6, 50e-6);
  EXPECT_NEAR(LatencyHistogram::QuantileSeconds(histogram.Counts(), 0.99), 990e-6, 60e-6);
  EXPECT_EQ(histogram.sum_ns(), 500'500'000);
}

}  // namespace
}  // namespace maru::serving
