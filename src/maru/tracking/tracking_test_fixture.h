// The tracking services on a real database in a folder that goes away; for the tests of this module.
#pragma once

#include <gtest/gtest.h>

#include <memory>

#include "maru/events/event_log.h"
#include "maru/sql/test_database.h"
#include "maru/tracking/experiment_service.h"
#include "maru/tracking/logged_model_service.h"
#include "maru/tracking/run_service.h"

namespace maru::tracking {

// Runs on every engine: declare tests with TEST_P and INSTANTIATE_ON_ALL_ENGINES.
class TrackingTest : public testing::TestWithParam<sql::Dialect> {
 protected:
  void SetUp() override { OpenAll(); }

  void OpenAll() {
    auto database = sql::Open(files_.url());
    ASSERT_TRUE(database.ok()) << database.status();
    database_ = *std::move(database);
    auto events = events::EventLog::Open(*database_, Clock::System());
    ASSERT_TRUE(events.ok()) << events.status();
    events_ = *std::move(events);
    experiments_ = std::make_unique<ExperimentService>(*database_, *events_, Clock::System(), "mlflow-artifacts:");
    ASSERT_TRUE(experiments_->Open().ok());
    runs_ = std::make_unique<RunService>(*database_, *events_, Clock::System());
    ASSERT_TRUE(runs_->Open().ok());
    models_ = std::make_unique<LoggedModelService>(*database_, *events_, Clock::System());
  }

  void CloseAll() {
    models_.reset();
    runs_.reset();
    experiments_.reset();
    events_.reset();
    database_.reset();
  }

  std::string NewRunId(std::int64_t experiment = 0, std::int64_t start_time_ms = 1) {
    auto run = runs_->Create(caller_, {.experiment_id = experiment, .start_time_ms = start_time_ms});
    EXPECT_TRUE(run.ok()) << run.status();
    return run.ok() ? run->info.run_id : "";
  }

  sql::TestDatabase files_{GetParam()};
  Caller caller_;
  std::unique_ptr<sql::Database> database_;
  std::unique_ptr<events::EventLog> events_;
  std::unique_ptr<ExperimentService> experiments_;
  std::unique_ptr<RunService> runs_;
  std::unique_ptr<LoggedModelService> models_;
};

#define INSTANTIATE_ON_ALL_ENGINES(Suite)                                                            \
  INSTANTIATE_TEST_SUITE_P(, Suite, testing::Values(sql::Dialect::kSqlite, sql::Dialect::kPostgres), \
                           [](const auto& i) { return sql::DialectName(i.param); })

}  // namespace maru::tracking
