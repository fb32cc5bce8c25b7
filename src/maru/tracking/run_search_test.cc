// Search of runs on every engine: each plan, each kind of condition and order, and the places where plans meet pages.
#include <gmock/gmock.h>

#include <cmath>

#include "maru/tracking/tracking_test_fixture.h"

namespace maru::tracking {
namespace {

class RunSearchTest : public TrackingTest {
 protected:
  void SetUp() override {
    TrackingTest::SetUp();
    experiment_ = experiments_->Create(caller_, "searches", "", {}).value();
    for (int i = 0; i < 6; ++i) {
      const std::string name(1, static_cast<char>('a' + i));
      auto run = runs_->Create(caller_, {.experiment_id = experiment_,
                                         .start_time_ms = 1000 + i,
                                         .name = name,
                                         .tags = {{"even", i % 2 == 0 ? "yes" : "no"}}});
      ASSERT_TRUE(run.ok()) << run.status();
      Batch batch;
      if (i != 4) batch.metrics.push_back({.key = "loss", .point = {i == 3 ? NAN : 1.0 / (i + 1), 1, 1}});
      batch.params.push_back({"p", std::string(1, "xyz"[i % 3])});
      ASSERT_TRUE(runs_->LogBatch(caller_, run->info.run_id, batch).ok());
      if (i < 3) {
        ASSERT_TRUE(
            runs_->Update(caller_, run->info.run_id, {.status = RunStatus::kFinished, .end_time_ms = 9000 - i}).ok());
      }
    }
  }

  std::string Found(std::string filter, std::vector<std::string> order_by = {}, std::int64_t page_size = 100) {
    RunQuery query{.experiment_ids = {experiment_},
                   .filter = std::move(filter),
                   .max_results = page_size,
                   .order_by = std::move(order_by)};
    std::string names;
    do {
      const auto page = runs_->Search(caller_, query);
      if (!page.ok()) return std::string(page.status().message());
      for (const auto& run : page->items) names += run.info.name;
      query.page_token = page->next_page_token;
    } while (!query.page_token.empty());
    return names;
  }

  std::int64_t experiment_ = 0;
};
INSTANTIATE_ON_ALL_ENGINES(RunSearchTest);

TEST_P(RunSearchTest, Filters) {
  EXPECT_EQ(Found(""), "fedcba");
  EXPECT_EQ(Found("metrics.loss < 0.4"), "fc");
  EXPECT_EQ(Found("metrics.loss != 1"), "fdcb");
  EXPECT_EQ(Found("metrics.loss >= 0.5 AND params.p = 'y'"), "b");
  EXPECT_EQ(Found("params.p != 'x'"), "fecb");
  EXPECT_EQ(Found("params.p LIKE '%Y%'"), "");
  EXPECT_EQ(Found("params.p ILIKE '%Y%'"), "eb");
  EXPECT_EQ(Found("tags.even = 'yes'"), "eca");
  EXPECT_EQ(Found("tags.none IS NULL AND tags.even IS NOT NULL"), "fedcba");
  EXPECT_EQ(Found("tags.even IS NULL"), "");
  EXPECT_EQ(Found("tags.never = 'x'"), "");
  EXPECT_EQ(Found("run_name = 'b'"), "b");
  EXPECT_EQ(Found("attributes.status = 'FINISHED' AND end_time < 9000"), "cb");
  EXPECT_EQ(Found("status != 'FINISHED'"), "fed");
  EXPECT_EQ(Found("start_time >= 1004"), "fe");
  EXPECT_EQ(Found("dataset.name = 'x'"), "");
}

TEST_P(RunSearchTest, OrdersWithWhatIsMissingLast) {
  for (const std::int64_t page_size : {100, 2, 1}) {
    EXPECT_EQ(Found("", {"metrics.loss"}, page_size), "fcbade");
    EXPECT_EQ(Found("", {"metrics.loss DESC"}, page_size), "abcfde");
    EXPECT_EQ(Found("tags.even = 'yes'", {"metrics.loss DESC"}, page_size), "ace");
    EXPECT_EQ(Found("start_time > 0", {"metrics.never ASC"}, page_size), "fedcba");
    EXPECT_EQ(Found("", {"params.p DESC", "metrics.loss ASC"}, page_size), "fcbead");
    EXPECT_EQ(Found("", {"tags.even", "start_time ASC"}, page_size), "bdface");
    EXPECT_EQ(Found("", {"end_time ASC"}, page_size), "cbafed");
    EXPECT_EQ(Found("", {"attributes.run_name ASC"}, page_size), "abcdef");
  }
}

TEST_P(RunSearchTest, SeesWhatWasLoggedAMomentAgo) {
  const std::string run = NewRunId(experiment_, 2000);
  ASSERT_TRUE(runs_->SetTag(caller_, run, {"mlflow.runName", "g"}).ok());
  ASSERT_TRUE(runs_->LogMetric(caller_, run, {.key = "loss", .point = {0.01, 1, 1}}).ok());
  EXPECT_EQ(Found("metrics.loss < 0.4", {"metrics.loss ASC"}), "gfc");
  ASSERT_TRUE(runs_->LogMetric(caller_, run, {.key = "loss", .point = {2, 1, 2}}).ok());
  EXPECT_EQ(Found("metrics.loss < 0.4"), "fc");
  ASSERT_TRUE(runs_->Delete(caller_, run).ok());
  EXPECT_EQ(Found("metrics.loss > 1"), "");
}

TEST_P(RunSearchTest, ManyMatchesAndFewMatchesAgree) {
  for (int i = 0; i < 400; ++i) {  // past the number at which the plan changes
    auto run = runs_->Create(caller_, {.experiment_id = experiment_,
                                       .start_time_ms = 10'000 + i,
                                       .name = "m",
                                       .tags = {{"many", i < 395 ? "1" : "2"}}});
    ASSERT_TRUE(run.ok());
    ASSERT_TRUE(runs_->LogMetric(caller_, run->info.run_id, {.key = "n", .point = {i * 1.0, 1, 1}}).ok());
  }
  EXPECT_EQ(Found("tags.many = '1'", {}, 37).size(), 395u);
  EXPECT_EQ(Found("tags.many = '2'", {}, 2).size(), 5u);
  EXPECT_EQ(Found("metrics.n >= 10", {"metrics.n ASC"}, 64).size(), 390u);
  EXPECT_EQ(Found("metrics.n >= 398 AND tags.many = '2'", {"metrics.n ASC"}).size(), 2u);
  EXPECT_EQ(Found("", {"metrics.n DESC"}, 50), std::string(400, 'm') + "fedcba");
}

TEST_P(RunSearchTest, RefusesWhatItCannotDo) {
  EXPECT_THAT(Found("params.p > 'a'"), testing::HasSubstr("Invalid comparator"));
  EXPECT_THAT(Found("", {"metrics.a", "metrics.a DESC"}), testing::HasSubstr("duplicate fields"));
  EXPECT_THAT(Found("", {}, 50'001), testing::HasSubstr("It must be at most 50000"));
  const auto page = runs_->Search(caller_, {.experiment_ids = {experiment_}, .page_token = "not a token"});
  EXPECT_THAT(std::string(page.status().message()), testing::HasSubstr("Invalid page token"));
}

}  // namespace
}  // namespace maru::tracking
