#include "maru/tracking/run_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>

#include "maru/base/ids.h"
#include "maru/tracking/experiment_service.h"
#include "maru/tracking/run_service.h"

namespace maru::tracking {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class RunTableTest : public testing::Test {
 protected:
  void SetUp() override {
    std::filesystem::create_directories(folder_);
    database_ = *sql::Open("sqlite:" + (folder_ / "maru.db").string());
    events_ = *events::EventLog::Open(*database_, Clock::System());
    experiments_ = std::make_unique<ExperimentService>(*database_, *events_, Clock::System(), "mlflow-artifacts:");
    ASSERT_TRUE(experiments_->Open().ok());
    runs_ = std::make_unique<RunService>(*database_, *events_, Clock::System());
    ASSERT_TRUE(runs_->Open().ok());
  }
  void TearDown() override {
    runs_.reset();
    experiments_.reset();
    events_.reset();
    database_.reset();
    std::filesystem::remove_all(folder_);
  }

  void Log(const std::string& name, std::int64_t start_ms, std::optional<double> loss, const std::string& depth = "") {
    const auto run = runs_->Create(caller_, {.experiment_id = 0, .start_time_ms = start_ms, .name = name});
    ASSERT_TRUE(run.ok()) << run.status();
    Batch batch;
    if (loss) batch.metrics.push_back({.key = "loss", .point = {.value = *loss, .timestamp_ms = 1}});
    if (!depth.empty()) batch.params.push_back({"depth", depth});
    ASSERT_TRUE(runs_->LogBatch(caller_, run->info.run_id, batch).ok());
  }

  std::vector<std::string> Names(const RunTable& table) {
    std::vector<std::string> names;
    for (const RunInfo& run : table.runs) names.push_back(run.name);
    return names;
  }

  const Caller caller_;
  const std::filesystem::path folder_ = std::filesystem::temp_directory_path() / ("maru-table-" + NewUuidHex());
  std::unique_ptr<sql::Database> database_;
  std::unique_ptr<events::EventLog> events_;
  std::unique_ptr<ExperimentService> experiments_;
  std::unique_ptr<RunService> runs_;
};

TEST_F(RunTableTest, GivesThePageThatIsAskedForAndCountsAll) {
  for (int i = 0; i < 25; ++i) Log("r" + std::to_string(i), 1000 + i, 0.1 * i, std::to_string(i % 3));
  const auto table = runs_->Table(caller_, {.columns = {"metrics.loss", "params.depth"}, .offset = 10, .limit = 3});
  ASSERT_TRUE(table.ok()) << table.status();
  EXPECT_EQ(table->total, 25);
  EXPECT_THAT(Names(*table), ElementsAre("r14", "r13", "r12"));  // the newest first
  EXPECT_DOUBLE_EQ(*table->columns[0].numbers[0], 1.4);
  EXPECT_EQ(*table->columns[1].texts[0], "2");
}

TEST_F(RunTableTest, FiltersOrdersAndCountsWhatMatches) {
  for (int i = 0; i < 25; ++i) Log("r" + std::to_string(i), 1000 + i, 0.1 * i, std::to_string(i % 3));
  const auto table = runs_->Table(caller_, {.experiment_ids = {0},
                                            .filter = "metrics.loss > 0.95 AND params.depth = '1'",
                                            .order_by = {"metrics.loss ASC"},
                                            .limit = 2});
  ASSERT_TRUE(table.ok()) << table.status();
  EXPECT_EQ(table->total, 5);
  EXPECT_THAT(Names(*table), ElementsAre("r10", "r13"));
}

TEST_F(RunTableTest, TellsNoValueFromNotANumber) {
  Log("without", 3, {});
  Log("nan", 2, std::nan(""));
  Log("number", 1, 7);
  const auto table = runs_->Table(caller_, {.columns = {"metrics.loss", "tags.none"}});
  ASSERT_TRUE(table.ok()) << table.status();
  const auto& loss = table->columns[0].numbers;
  EXPECT_EQ(loss[0], std::nullopt);
  EXPECT_TRUE(std::isnan(*loss[1]));
  EXPECT_EQ(loss[2], 7);
  EXPECT_THAT(table->columns[1].texts, ElementsAre(std::nullopt, std::nullopt, std::nullopt));
}

TEST_F(RunTableTest, ListsKeysInTheOrderInWhichTheyWereSeen) {
  const auto run = runs_->Create(caller_, {.experiment_id = 0});
  for (const char* key : {"zebra", "apple", "mango"}) {
    ASSERT_TRUE(runs_->LogMetric(caller_, run->info.run_id, {.key = key, .point = {.value = 1}}).ok());
  }
  const auto keys = runs_->Keys(caller_, 0, 100);
  ASSERT_TRUE(keys.ok()) << keys.status();
  EXPECT_THAT(keys->metrics, ElementsAre("zebra", "apple", "mango"));
  EXPECT_FALSE(keys->more);
  const auto few = runs_->Keys(caller_, 0, 2);
  EXPECT_THAT(few->metrics, ElementsAre("zebra", "apple"));
  EXPECT_TRUE(few->more);
  EXPECT_EQ(runs_->Keys({.workspace = "other"}, 0, 2).status().code(), absl::StatusCode::kNotFound);
}

TEST_F(RunTableTest, RefusesWhatIsNoColumn) {
  const auto table = runs_->Table(caller_, {.columns = {"loss"}});
  EXPECT_EQ(table.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(table.status().message()), HasSubstr("metrics.KEY"));
}

}  // namespace
}  // namespace maru::tracking
