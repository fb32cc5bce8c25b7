// The services by themselves: workspaces, events, and what a refused request leaves behind (nothing).
#include <gmock/gmock.h>

#include "maru/tracking/tracking_test_fixture.h"
#include "maru/tracking/validation.h"

namespace maru::tracking {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class ServicesTest : public TrackingTest {};
INSTANTIATE_ON_ALL_ENGINES(ServicesTest);

TEST_P(ServicesTest, AWorkspaceSeesNothingOfAnother) {
  Caller other = caller_;
  other.workspace = "other";
  const std::int64_t id = experiments_->Create(caller_, "mine", "", {}).value();
  const std::string run = NewRunId(id);
  ASSERT_TRUE(runs_->LogMetric(caller_, run, {.key = "m", .point = {1, 1, 1}}).ok());

  EXPECT_TRUE(absl::IsNotFound(experiments_->Get(other, id).status()));
  EXPECT_TRUE(absl::IsNotFound(runs_->Get(other, run).status()));
  EXPECT_TRUE(absl::IsNotFound(runs_->MetricHistory(other, run, "m").status()));
  EXPECT_TRUE(absl::IsNotFound(runs_->LogMetric(other, run, {.key = "m", .point = {1, 1, 1}})));
  EXPECT_TRUE(absl::IsNotFound(runs_->Create(other, {.experiment_id = id}).status()));
  EXPECT_TRUE(runs_->Search(other, {.experiment_ids = {id}})->items.empty());
  EXPECT_TRUE(experiments_->Search(other, {})->items.empty());

  EXPECT_EQ(experiments_->EnsureDefault(other)->name, "Default");
  EXPECT_NE(experiments_->EnsureDefault(other)->id, 0);
  EXPECT_TRUE(experiments_->Create(other, "mine", "", {}).ok()) << "names are unique within a workspace only";
}

TEST_P(ServicesTest, EveryChangeAppendsOneEvent) {
  const std::int64_t before = events_->LastId().value();
  const std::int64_t id = experiments_->Create(caller_, "e", "", {{"k", "v"}}).value();
  const std::string run = NewRunId(id);
  ASSERT_TRUE(runs_->LogParam(caller_, run, {"p", "1"}).ok());
  ASSERT_TRUE(runs_->Update(caller_, run, {.status = RunStatus::kFinished, .end_time_ms = 5}).ok());
  EXPECT_FALSE(runs_->LogParam(caller_, run, {"p", "2"}).ok());
  EXPECT_FALSE(runs_->LogParam(caller_, "nobody", {"p", "2"}).ok());
  ASSERT_TRUE(runs_->Delete(caller_, run).ok());
  std::vector<std::string> types;
  const std::vector<events::Event> appended = events_->Read(before, 100).value();
  for (const events::Event& e : appended) types.push_back(e.type);
  EXPECT_THAT(types, ElementsAre("experiment.created", "run.created", "run.logged", "run.updated", "run.deleted"));
}

TEST_P(ServicesTest, ARefusedBatchLeavesNothing) {
  const std::string run = NewRunId();
  ASSERT_TRUE(runs_->LogParam(caller_, run, {"p", "1"}).ok());
  Batch batch;
  batch.metrics.push_back({.key = "m", .point = {1, 1, 1}});
  batch.params = {{"new", "1"}, {"p", "2"}};
  batch.tags = {{"t", "1"}};
  const Status status = runs_->LogBatch(caller_, run, batch);
  EXPECT_THAT(std::string(status.message()),
              HasSubstr("Params were already logged='[{'key': 'p', 'old_value': '1', 'new_value': '2'}]'"));
  const auto got = *runs_->Get(caller_, run);
  EXPECT_TRUE(got.metrics.empty());
  EXPECT_EQ(got.params.size(), 1u);
  EXPECT_EQ(got.tags.size(), 1u);
}

TEST_P(ServicesTest, ExperimentIdsAreNotReused) {
  const std::int64_t first = experiments_->Create(caller_, "a", "", {}).value();
  EXPECT_TRUE(absl::IsAlreadyExists(experiments_->Create(caller_, "a", "", {}).status()));
  EXPECT_GT(experiments_->Create(caller_, "b", "", {}).value(), first);
  EXPECT_EQ(experiments_->Get(caller_, 0)->name, "Default");
}

TEST(ValidationTest, Names) {
  const auto message = [](std::string key) {
    Tag tag{std::move(key), "v"};
    return std::string(ValidateTag(tag).message());
  };
  for (const char* fine : {"a", "a/b", "a.b", "a b", "a:b", "größe", "mlflow.user", "a..b", "..a/.b"}) {
    if (std::string(fine).starts_with(".."))
      EXPECT_NE(message(fine), "") << fine;
    else
      EXPECT_EQ(message(fine), "") << fine;
  }
  EXPECT_THAT(message("../b"), HasSubstr("This name would resolve to '../b'"));
  EXPECT_THAT(message("./b"), HasSubstr("This name would resolve to 'b'"));
  EXPECT_THAT(message("a//b"), HasSubstr("This name would resolve to 'a/b'"));
  EXPECT_THAT(message("a/../b"), HasSubstr("This name would resolve to 'b'"));
  EXPECT_THAT(message("/a"), HasSubstr("This name would resolve to '/a'"));
  EXPECT_THAT(message("a/"), HasSubstr("This name would resolve to 'a'"));
  EXPECT_THAT(message("."), HasSubstr("This name would resolve to '.'"));
  EXPECT_THAT(message("a\\b"), HasSubstr("may only contain alphanumerics"));
  EXPECT_THAT(message(std::string(251, 'a')), HasSubstr("'key' exceeds the maximum length of 250 characters"));
  EXPECT_EQ(CharacterCount("größe"), 5u);
  EXPECT_EQ(FirstCharacters("größe", 3), "grö");
}

}  // namespace
}  // namespace maru::tracking
