#include "maru/auth/attempt_limiter.h"

#include <gtest/gtest.h>

namespace maru::auth {
namespace {

TEST(AttemptLimiterTest, PausesGrowWithFailures) {
  AttemptLimiter limiter;
  std::int64_t now = 1'000'000;
  for (int i = 0; i < 4; ++i) limiter.Failed("ann", "10.0.0.1", now);
  EXPECT_EQ(limiter.PauseMs("ann", "10.0.0.1", now), 0);  // everybody mistypes
  std::int64_t longest = 0;
  for (int i = 0; i < 12; ++i) {
    limiter.Failed("ann", "10.0.0.1", now);
    const std::int64_t pause = limiter.PauseMs("ann", "10.0.0.1", now);
    EXPECT_GE(pause, longest);
    longest = pause;
    now += pause;
  }
  EXPECT_EQ(longest, 5 * 60 * 1000);
  EXPECT_EQ(limiter.PauseMs("ann", "10.0.0.2", now), 0);  // she herself, from elsewhere
  limiter.Succeeded("ann", "10.0.0.1");
  EXPECT_EQ(limiter.PauseMs("ann", "10.0.0.1", now), 0);
}

TEST(AttemptLimiterTest, ForgetsAfterAWhile) {
  AttemptLimiter limiter;
  for (int i = 0; i < 5; ++i) limiter.Failed("ann", "p", 0);
  EXPECT_GT(limiter.PauseMs("ann", "p", 0), 0);
  limiter.Failed("ann", "p", 3'600'000);
  EXPECT_EQ(limiter.PauseMs("ann", "p", 3'600'000), 0);
}

TEST(AttemptLimiterTest, OnePeerTryingManyUsersIsSlowedDown) {
  AttemptLimiter limiter;
  for (int i = 0; i < 25; ++i) limiter.Failed("user" + std::to_string(i), "peer", 0);
  EXPECT_GT(limiter.PauseMs("anybody", "peer", 0), 0);
  EXPECT_EQ(limiter.PauseMs("anybody", "other", 0), 0);
}

TEST(AttemptLimiterTest, ManyPeersTryingOneUserAreSlowedDown) {
  AttemptLimiter limiter;
  for (int i = 0; i < 105; ++i) limiter.Failed("ann", "peer" + std::to_string(i), 0);
  EXPECT_GT(limiter.PauseMs("ann", "fresh", 0), 0);
  EXPECT_LE(limiter.PauseMs("ann", "fresh", 0), 5000);
}

TEST(AttemptLimiterTest, MemoryIsBounded) {
  AttemptLimiter limiter;
  for (int i = 0; i < 100'000; ++i) limiter.Failed("u" + std::to_string(i), "p" + std::to_string(i), i);
  EXPECT_LE(limiter.size(), 30'000u);
}

}  // namespace
}  // namespace maru::auth
