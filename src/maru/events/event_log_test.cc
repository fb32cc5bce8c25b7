#include "maru/events/event_log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "maru/sql/test_database.h"

namespace maru::events {
namespace {

using ::testing::ElementsAre;

class EventLogTest : public ::testing::TestWithParam<sql::Dialect> {
 protected:
  void SetUp() override { Reopen(); }

  void Reopen() {
    log_.reset();
    db_.reset();
    auto db = sql::Open(test_.url());
    ASSERT_TRUE(db.ok()) << db.status();
    db_ = *std::move(db);
    auto log = EventLog::Open(*db_, Clock::System());
    ASSERT_TRUE(log.ok()) << log.status();
    log_ = *std::move(log);
  }

  Status Append(std::string_view type, std::string workspace = "default", Status then = OkStatus()) {
    const Caller caller{.principal = "ada", .workspace = workspace};
    return db_->Write([&](sql::Writer& w) -> Status {
      MARU_RETURN_IF_ERROR(log_->Append(w, caller, type, "run/1", R"({"a":1})"));
      return then;
    });
  }

  static std::vector<std::string> Types(const Result<std::vector<Event>>& events) {
    EXPECT_TRUE(events.ok()) << events.status();
    std::vector<std::string> types;
    for (const Event& event : *events) types.push_back(event.type);
    return types;
  }

  sql::TestDatabase test_{GetParam()};
  std::unique_ptr<sql::Database> db_;
  std::unique_ptr<EventLog> log_;
};

INSTANTIATE_TEST_SUITE_P(, EventLogTest, ::testing::Values(sql::Dialect::kSqlite, sql::Dialect::kPostgres),
                         [](const auto& info) { return sql::DialectName(info.param); });

TEST_P(EventLogTest, KeepsWhatHappenedInOrder) {
  EXPECT_EQ(*log_->LastId(), 0);
  ASSERT_TRUE(Append("run.created").ok());
  ASSERT_TRUE(Append("run.updated").ok());
  Reopen();
  const auto events = log_->Read(0, 10);
  ASSERT_THAT(Types(events), ElementsAre("run.created", "run.updated"));
  const Event& first = events->front();
  EXPECT_EQ(first.workspace, "default");
  EXPECT_EQ(first.principal, "ada");
  EXPECT_EQ(first.subject, "run/1");
  EXPECT_EQ(first.payload, R"({"a":1})");
  EXPECT_GT(first.time_ms, 1'700'000'000'000);
  EXPECT_EQ(*log_->LastId(), events->back().id);
  EXPECT_THAT(Types(log_->Read(first.id, 10)), ElementsAre("run.updated"));
}

TEST_P(EventLogTest, ForgetsWhatWasRolledBack) {
  EXPECT_FALSE(Append("run.created", "default", Aborted("no")).ok());
  EXPECT_THAT(Types(log_->Read(0, 10)), ElementsAre());
}

TEST_P(EventLogTest, NarrowsByWorkspaceAndPrefix) {
  ASSERT_TRUE(Append("run.created", "a").ok());
  ASSERT_TRUE(Append("runner_created", "a").ok());
  ASSERT_TRUE(Append("alias.moved", "b").ok());
  ASSERT_TRUE(Append("run.deleted", "b").ok());
  EXPECT_THAT(Types(log_->Read(0, 10, {}, "run.")), ElementsAre("run.created", "run.deleted"));
  EXPECT_THAT(Types(log_->Read(0, 10, "a", "runner_")), ElementsAre("runner_created"));
  EXPECT_THAT(Types(log_->Read(0, 10, "a", "runner%")), ElementsAre());
  EXPECT_THAT(Types(log_->Read(0, 1, "b")), ElementsAre("alias.moved"));
}

TEST_P(EventLogTest, ReadsBackwardsForPeople) {
  for (const char* type : {"a.x", "b.x", "c.x"}) ASSERT_TRUE(Append(type).ok());
  const auto newest = log_->ReadBackwards(0, 2);
  ASSERT_THAT(Types(newest), ElementsAre("c.x", "b.x"));
  EXPECT_THAT(Types(log_->ReadBackwards(newest->back().id, 2)), ElementsAre("a.x"));
}

TEST_P(EventLogTest, CursorsAreDurable) {
  EXPECT_EQ(*log_->Cursor("webhooks"), 0);
  for (const std::int64_t id : {7, 9}) {
    ASSERT_TRUE(db_->Write([&](sql::Writer& w) { return log_->SaveCursor(w, "webhooks", id); }).ok());
  }
  Reopen();
  EXPECT_EQ(*log_->Cursor("webhooks"), 9);
  EXPECT_EQ(*log_->Cursor("audit"), 0);
}

TEST_P(EventLogTest, WakesUntilTheSubscriptionDies) {
  int woken = 0;
  auto subscription = log_->OnAnnounce([&] { ++woken; });
  log_->Announce();
  EXPECT_EQ(woken, 1);
  subscription.reset();
  log_->Announce();
  EXPECT_EQ(woken, 1);
  subscription = log_->OnAnnounce([&] { ++woken; });
  log_.reset();  // a subscription may outlive the log
  subscription.reset();
}

TEST_P(EventLogTest, AReaderThatFollowsMissesNothing) {
  std::atomic<bool> done = false;
  std::vector<std::int64_t> seen;
  std::thread reader([&] {
    std::int64_t at = 0;
    while (true) {
      const bool last = done;
      const auto events = log_->Read(at, 7);
      ASSERT_TRUE(events.ok());
      for (const Event& event : *events) seen.push_back(at = event.id);
      if (events->empty() && last) return;
    }
  });
  std::vector<std::thread> writers;
  std::atomic<int> appended = 0;
  for (int t = 0; t < 8; ++t) {
    writers.emplace_back([&, t] {
      for (int i = 0; i < 40; ++i) {
        const bool fails = (t + i) % 4 == 0;
        if (Append("run.created", "default", fails ? Aborted("no") : OkStatus()).ok()) ++appended;
      }
    });
  }
  for (auto& writer : writers) writer.join();
  done = true;
  reader.join();
  EXPECT_EQ(appended, 240);
  EXPECT_EQ(static_cast<int>(seen.size()), appended.load());
  EXPECT_TRUE(std::is_sorted(seen.begin(), seen.end()));
}

}  // namespace
}  // namespace maru::events
