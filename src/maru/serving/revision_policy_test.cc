#include "maru/serving/revision_policy.h"

#include <gtest/gtest.h>

#include <vector>

namespace maru::serving {
namespace {

constexpr auto kLoading = RevisionState::kLoading;
constexpr auto kReady = RevisionState::kReady;
constexpr auto kFailed = RevisionState::kFailed;
constexpr std::int64_t kNow = 10'000;

struct Case {
  const char* name;
  std::optional<Aspired> aspired;
  std::vector<RevisionView> revisions;
  Decision want;
};

const Case kCases[] = {
    {"nothing_wanted_nothing_there", {}, {}, {}},
    {"first_deployment", Aspired{"1", 1}, {}, {.add = true}},
    {"serving_what_is_aspired", Aspired{"1", 1}, {{1, "1", 1, kReady, true}}, {}},
    {"alias_moved", Aspired{"2", 1}, {{1, "1", 1, kReady, true}}, {.add = true}},
    {"settings_changed", Aspired{"1", 2}, {{1, "1", 1, kReady, true}}, {.add = true}},
    {"alias_gone_keeps_serving", {}, {{1, "1", 1, kReady, true}}, {}},
    {"being_loaded", Aspired{"2", 1}, {{1, "1", 1, kReady, true}, {2, "2", 1, kLoading, false, true}}, {}},
    {"alias_moved_again_while_loading",
     Aspired{"3", 1},
     {{1, "1", 1, kReady, true}, {2, "2", 1, kLoading, false, true}},
     {.add = true}},
    {"alias_moved_back_while_loading",
     Aspired{"1", 1},
     {{1, "1", 1, kReady, true}, {2, "2", 1, kLoading, false, true}},
     {.add = true}},
    {"after_a_restart", Aspired{"1", 1}, {{1, "1", 1, kReady}}, {.load = 1}},
    {"restart_during_a_load_serves_the_old_first",
     Aspired{"2", 1},
     {{1, "1", 1, kReady}, {2, "2", 1, kLoading}},
     {.load = 1}},
    {"then_goes_on_loading", Aspired{"2", 1}, {{1, "1", 1, kReady, false, true}, {2, "2", 1, kLoading}}, {.load = 2}},
    {"failed_for_good", Aspired{"2", 1}, {{1, "1", 1, kReady, true}, {2, "2", 1, kFailed}}, {}},
    {"failed_retry_later",
     Aspired{"2", 1},
     {{2, "2", 1, kFailed, false, false, kNow + 1}},
     {.look_again_at_ms = kNow + 1}},
    {"failed_retry_now", Aspired{"2", 1}, {{2, "2", 1, kFailed, false, false, kNow}}, {.load = 2}},
    {"failed_then_alias_moved", Aspired{"3", 1}, {{1, "1", 1, kReady, true}, {2, "2", 1, kFailed}}, {.add = true}},
};

TEST(RevisionPolicyTest, Decides) {
  for (const Case& c : kCases) {
    const Decision got = Decide(c.aspired, c.revisions, kNow);
    EXPECT_EQ(got.load, c.want.load) << c.name;
    EXPECT_EQ(got.add, c.want.add) << c.name;
    EXPECT_EQ(got.look_again_at_ms, c.want.look_again_at_ms) << c.name;
  }
}

TEST(RevisionPolicyTest, RetriesEverMoreSlowly) {
  EXPECT_EQ(RetryDelayMs(1), 1'000);
  EXPECT_EQ(RetryDelayMs(3), 4'000);
  EXPECT_EQ(RetryDelayMs(100), 300'000);
}

TEST(RevisionPolicyTest, StatesHaveNames) {
  for (const auto state : {kLoading, kReady, kFailed, RevisionState::kRetired}) {
    EXPECT_EQ(RevisionStateFromName(RevisionStateName(state)), state);
  }
}

}  // namespace
}  // namespace maru::serving
