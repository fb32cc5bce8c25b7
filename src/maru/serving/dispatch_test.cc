#include "maru/serving/dispatch.h"

#include <gtest/gtest.h>

namespace maru::serving {
namespace {

TEST(DispatchTest, OnlyShortCallsOfThisProcessRunInline) {
  const DispatchPolicy policy{.inline_max_ns = 300'000, .inline_max_bytes = 1000};
  EXPECT_TRUE(RunsInline(policy, true, 10'000, 500));
  EXPECT_FALSE(RunsInline(policy, false, 10'000, 500));
  EXPECT_FALSE(RunsInline(policy, true, 400'000, 500));
  EXPECT_FALSE(RunsInline(policy, true, 10'000, 5'000));
  EXPECT_FALSE(RunsInline(policy, true, 0, 500));  // never measured
}

TEST(TypicalTimeTest, ForgetsHiccupsButNotChanges) {
  TypicalTime typical;
  typical.Add(10'000);
  EXPECT_EQ(typical.ns(), 10'000);
  for (int i = 0; i < 100; ++i) typical.Add(i % 10 == 0 ? 50'000'000 : 10'000);  // every tenth was held up
  EXPECT_LT(typical.ns(), 20'000);
  for (int i = 0; i < 400; ++i) typical.Add(2'000'000);  // the model really became slow
  EXPECT_GT(typical.ns(), 1'000'000);
  for (int i = 0; i < 30; ++i) typical.Add(10'000);
  EXPECT_LT(typical.ns(), 20'000);
}

}  // namespace
}  // namespace maru::serving
