#include "maru/runtime/thread_pool.h"

#include <gtest/gtest.h>

#include <atomic>
#include <latch>

namespace maru::runtime {
namespace {

TEST(ThreadPoolTest, RunsEverythingBeforeItDies) {
  std::atomic<int> done = 0;
  {
    ThreadPool pool({.name = "test", .threads_max = 3, .queue_max = 1000});
    for (int i = 0; i < 500; ++i) ASSERT_TRUE(pool.TrySubmit([&] { ++done; }));
  }
  EXPECT_EQ(done, 500);
}

TEST(ThreadPoolTest, UsesAllItsThreadsAtOnce) {
  ThreadPool pool({.name = "test", .threads_max = 3});
  std::latch all_running(3);
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(pool.TrySubmit([&] { all_running.arrive_and_wait(); }));
  all_running.wait();  // hangs, and times out, if one of them is not running
}

TEST(ThreadPoolTest, RefusesWhenFull) {
  std::latch release(1);
  std::latch started(1);
  {
    ThreadPool pool({.name = "test", .threads_max = 1, .queue_max = 2});
    ASSERT_TRUE(pool.TrySubmit([&] {
      started.count_down();
      release.wait();
    }));
    started.wait();
    EXPECT_TRUE(pool.TrySubmit([] {}));
    EXPECT_TRUE(pool.TrySubmit([] {}));
    EXPECT_FALSE(pool.TrySubmit([] {}));
    release.count_down();
  }
}

}  // namespace
}  // namespace maru::runtime
