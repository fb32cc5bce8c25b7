#include "maru/base/metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace maru::metrics {
namespace {

using ::testing::HasSubstr;

TEST(MetricsTest, RendersWhatWasCounted) {
  Registry registry;
  registry.MakeCounter("maru_things_total", "Things.", {{"kind", "a"}}).Add(2);
  registry.MakeCounter("maru_things_total", "Things.", {{"kind", "a"}}).Add();
  registry.MakeCounter("maru_things_total", "Things.", {{"kind", "b\"\n"}}).Add();
  const Gauge gauge = registry.MakeGauge("maru_level_bytes", "A level.");
  gauge.Set(5);
  gauge.Add(-2);
  registry.MakeHistogram("maru_wait_seconds", "Waits.", {}, {0.1, 1}).Observe(0.5);
  const std::string text = registry.Render();
  EXPECT_THAT(text, HasSubstr("# TYPE maru_things_total counter\n"));
  EXPECT_THAT(text, HasSubstr("maru_things_total{kind=\"a\"} 3\n"));
  EXPECT_THAT(text, HasSubstr("maru_things_total{kind=\"b\\\"\\n\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("maru_level_bytes 3\n"));
  EXPECT_THAT(text, HasSubstr("maru_wait_seconds_bucket{le=\"0.1\"} 0\n"));
  EXPECT_THAT(text, HasSubstr("maru_wait_seconds_bucket{le=\"1\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("maru_wait_seconds_sum 0.5\n"));
}

}  // namespace
}  // namespace maru::metrics
