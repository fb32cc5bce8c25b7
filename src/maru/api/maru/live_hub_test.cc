#include "maru/api/maru/live_hub.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <future>

#include "maru/base/ids.h"

namespace maru::api::own {
namespace {

using testing::HasSubstr;
using testing::Not;

class LiveHubTest : public testing::Test {
 protected:
  void SetUp() override {
    std::filesystem::create_directories(folder_);
    auto database = sql::Open("sqlite:" + (folder_ / "maru.db").string());
    ASSERT_TRUE(database.ok()) << database.status();
    database_ = *std::move(database);
    auto log = events::EventLog::Open(*database_, Clock::System());
    ASSERT_TRUE(log.ok()) << log.status();
    log_ = *std::move(log);
    auto hub = LiveHub::Start(*log_);
    ASSERT_TRUE(hub.ok()) << hub.status();
    hub_ = *std::move(hub);
  }
  void TearDown() override {
    hub_.reset();
    log_.reset();
    database_.reset();
    std::filesystem::remove_all(folder_);
  }

  void Append(std::string_view type, std::string_view subject, std::string_view payload = "{}",
              std::string_view workspace = "default") {
    const Caller caller{.workspace = std::string(workspace)};
    const Status status =
        database_->Write([&](sql::Writer& writer) { return log_->Append(writer, caller, type, subject, payload); });
    ASSERT_TRUE(status.ok()) << status;
  }

  // What the listener gets until `wanted` is in it.
  std::string WaitFor(LiveListener& listener, std::string_view wanted) {
    std::string all;
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (all.find(wanted) == std::string::npos && std::chrono::steady_clock::now() < end) {
      auto woken = std::make_shared<std::promise<void>>();
      listener.WakeOnce([woken] { woken->set_value(); });
      woken->get_future().wait_for(std::chrono::seconds(1));
      bool lost = false;
      all += listener.Take(&lost);
    }
    return all;
  }

  const std::filesystem::path folder_ = std::filesystem::temp_directory_path() / ("maru-live-" + NewUuidHex());
  std::unique_ptr<sql::Database> database_;
  std::unique_ptr<events::EventLog> log_;
  std::unique_ptr<LiveHub> hub_;
};

TEST_F(LiveHubTest, PassesOnWhatHappensInTheWorkspace) {
  const auto listener = std::make_shared<LiveListener>("default", "");
  hub_->Add(listener);
  Append("run.created", "run/1", R"({"run_name":"a"})");
  Append("run.created", "run/2", "{}", "other");
  Append("run.ended", "run/1");
  log_->Announce();
  const std::string got = WaitFor(*listener, "run.ended");
  EXPECT_THAT(got, HasSubstr(R"("type":"run.created","subject":"run/1","payload":{"run_name":"a"})"));
  EXPECT_THAT(got, Not(HasSubstr("run/2")));
  EXPECT_THAT(got, HasSubstr("id: 3\ndata: {"));
}

TEST_F(LiveHubTest, SaysOnceWhatHappensOften) {
  const auto listener = std::make_shared<LiveListener>("", "run.");
  hub_->Add(listener);
  for (int i = 0; i < 100; ++i) Append("run.logged", "run/1", fmt::format(R"({{"i":{}}})", i));
  Append("model.created", "model/1");
  Append("run.ended", "run/1");
  log_->Announce();
  const std::string got = WaitFor(*listener, "run.ended");
  EXPECT_THAT(got, HasSubstr(R"({"i":99})"));
  EXPECT_THAT(got, Not(HasSubstr(R"({"i":98})")));
  EXPECT_THAT(got, Not(HasSubstr("model.created")));
}

TEST_F(LiveHubTest, ToldWhereItsEventsBegin) {
  Append("run.created", "run/1");
  log_->Announce();
  const auto first = std::make_shared<LiveListener>("", "");
  const std::int64_t at = hub_->Add(first);
  EXPECT_LE(at, 1);
  if (at == 0) WaitFor(*first, "run/1");
  const auto second = std::make_shared<LiveListener>("", "");
  EXPECT_EQ(hub_->Add(second), 1);
}

TEST(LiveListener, GivesUpOnAReaderThatIsTooSlow) {
  LiveListener listener("", "");
  const std::string piece(1024 * 1024, 'x');
  for (int i = 0; i < 4; ++i) EXPECT_TRUE(listener.Offer(piece));
  EXPECT_FALSE(listener.Offer(piece));
  bool lost = false;
  EXPECT_EQ(listener.Take(&lost).size(), 4 * piece.size());
  EXPECT_TRUE(lost);
}

}  // namespace
}  // namespace maru::api::own
