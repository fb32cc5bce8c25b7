// From the log to a receiver: a real database, a real socket.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <set>

#include "maru/events/webhook_dispatcher.h"
#include "maru/events/webhook_receiver.h"
#include "maru/events/webhook_schema.h"
#include "maru/events/webhook_service.h"
#include "maru/sql/test_database.h"

namespace maru::events {
namespace {

using std::chrono::milliseconds;
using ::testing::HasSubstr;

class WebhookTest : public ::testing::TestWithParam<sql::Dialect> {
 protected:
  void SetUp() override { Restart(); }

  // As a server does; without the dispatcher when `deliver` is false.
  void Restart(bool deliver = true) {
    Stop();
    auto db = sql::Open(test_.url());
    ASSERT_TRUE(db.ok()) << db.status();
    db_ = *std::move(db);
    auto log = EventLog::Open(*db_, Clock::System());
    ASSERT_TRUE(log.ok()) << log.status();
    log_ = *std::move(log);
    ASSERT_TRUE(MigrateWebhooks(*db_).ok());
    secrets_.emplace(*SecretBox::Open(folder_ / "key"));
    sender_.emplace(NetworkPolicy{.schemes = {"http"}, .private_networks = true}, milliseconds(5000));
    service_.emplace(*db_, *log_, Clock::System(), *secrets_, *sender_);
    if (deliver) Deliver();
  }

  void Deliver() {
    dispatcher_ = WebhookDispatcher::Start(*db_, *log_, Clock::System(), *secrets_, *sender_,
                                           {.retry = {.attempts_max = 3, .first_wait = milliseconds(10)}});
  }

  void Stop() {
    dispatcher_.reset();
    service_.reset();
    sender_.reset();
    log_.reset();
    db_.reset();
  }

  Webhook Create(std::vector<std::string> types, std::string_view secret = "", const Caller& caller = {}) {
    auto webhook = service_->Create(caller, {.name = "hook", .url = receiver_.url(), .event_types = types}, secret);
    EXPECT_TRUE(webhook.ok()) << webhook.status();
    return *webhook;
  }

  void Happen(std::string_view type, int n, const std::string& workspace = "default") {
    const Caller caller{.workspace = workspace};
    const std::string payload = fmt::format(R"({{"n":{}}})", n);
    ASSERT_TRUE(db_->Write([&](sql::Writer& w) { return log_->Append(w, caller, type, "model/m", payload); }).ok());
    log_->Announce();
  }

  std::int64_t Queued() {
    std::int64_t n = -1;
    (void)db_->Read([&](sql::Reader& r) -> Status {
      MARU_ASSIGN_OR_RETURN(const auto count, r.QueryOne("SELECT COUNT(*) FROM webhook_deliveries", {},
                                                         [](const sql::Row& row) { return row.Int(0); }));
      n = *count;
      return OkStatus();
    });
    return n;
  }

  void WaitUntilQueueIsEmpty() {
    for (int i = 0; i < 500 && Queued() != 0; ++i) std::this_thread::sleep_for(milliseconds(10));
    EXPECT_EQ(Queued(), 0);
  }

  const Caller caller_;
  WebhookReceiver receiver_;
  sql::TempFolder folder_;
  sql::TestDatabase test_{GetParam()};
  std::unique_ptr<sql::Database> db_;
  std::unique_ptr<EventLog> log_;
  std::optional<SecretBox> secrets_;
  std::optional<WebhookSender> sender_;
  std::optional<WebhookService> service_;
  std::unique_ptr<WebhookDispatcher> dispatcher_;
};

INSTANTIATE_TEST_SUITE_P(, WebhookTest, ::testing::Values(sql::Dialect::kSqlite, sql::Dialect::kPostgres),
                         [](const auto& info) { return sql::DialectName(info.param); });

TEST_P(WebhookTest, TellsInOrderOfWhatIsSubscribed) {
  Happen("registered_model.created", 0);  // before the webhook: not for it
  const Webhook webhook = Create({"registered_model.created", "model_version.created"}, "s3cret");
  Happen("registered_model.created", 1);
  Happen("prompt.created", 2);                         // another type
  Happen("registered_model.created", 3, "elsewhere");  // another workspace
  Happen("model_version.created", 4);
  Happen("run.created", 5);  // nothing that webhooks hear of
  const auto requests = receiver_.WaitFor(2);
  ASSERT_EQ(requests.size(), 2u);
  EXPECT_THAT(requests[0].head, HasSubstr("POST /hook HTTP/1.1"));
  EXPECT_THAT(requests[0].body, HasSubstr(R"("entity":"registered_model","action":"created")"));
  EXPECT_THAT(requests[0].body, HasSubstr(R"("data":{"n":1})"));
  EXPECT_THAT(requests[1].body, HasSubstr(R"("data":{"n":4})"));
  EXPECT_EQ(requests[0].headers.at("content-type"), "application/json");
  EXPECT_EQ(requests[0].headers.at("x-mlflow-signature").substr(0, 3), "v1,");
  EXPECT_NE(requests[0].headers.at("x-mlflow-delivery-id"), requests[1].headers.at("x-mlflow-delivery-id"));
  WaitUntilQueueIsEmpty();
  EXPECT_EQ(receiver_.count(), 2u);
}

TEST_P(WebhookTest, TriesAgainUnderTheSameId) {
  Create({"prompt.created"});
  receiver_.Answer({503, 0, 200});
  Happen("prompt.created", 1);
  const auto requests = receiver_.WaitFor(3);
  ASSERT_EQ(requests.size(), 3u);
  EXPECT_EQ(requests[0].headers.at("x-mlflow-delivery-id"), requests[2].headers.at("x-mlflow-delivery-id"));
  EXPECT_EQ(requests[0].headers.count("x-mlflow-signature"), 0u);
  WaitUntilQueueIsEmpty();
}

TEST_P(WebhookTest, GivesUpAndSaysSo) {
  const Webhook webhook = Create({"prompt.created"});
  int told = 0;
  for (const auto& answers : std::vector<std::vector<int>>{{500, 500, 500}, {404}, {302}}) {
    receiver_.Answer(answers, "Location: http://127.0.0.1:1/\r\n");
    Happen("prompt.created", ++told);
    receiver_.WaitFor(told + 2);
    WaitUntilQueueIsEmpty();
  }
  EXPECT_EQ(receiver_.count(), 5u);
  const auto failures = log_->Read(0, 10, {}, "webhook.delivery_failed");
  ASSERT_TRUE(failures.ok());
  ASSERT_EQ(failures->size(), 3u);
  EXPECT_EQ(failures->front().subject, "webhook/" + webhook.id);
  EXPECT_THAT(failures->back().payload, HasSubstr("the receiver answered"));
}

TEST_P(WebhookTest, GoesOnWhereItWasAfterARestart) {
  Create({"prompt.created"});
  Restart(/*deliver=*/false);
  for (int n = 0; n < 30; ++n) Happen("prompt.created", n);
  EXPECT_EQ(receiver_.count(), 0u);
  Deliver();
  receiver_.WaitFor(10);
  Restart();  // in the middle
  std::set<std::string> bodies;
  for (const ReceivedRequest& request : receiver_.WaitFor(30)) bodies.insert(request.body);
  for (int i = 0; i < 300 && bodies.size() < 30; ++i) {
    std::this_thread::sleep_for(milliseconds(10));
    for (const ReceivedRequest& request : receiver_.WaitFor(0)) bodies.insert(request.body);
  }
  EXPECT_EQ(bodies.size(), 30u) << "each at least once, whatever was under way";
  WaitUntilQueueIsEmpty();
}

TEST_P(WebhookTest, ADisabledOneHearsNothingAndCatchesUpWithNothing) {
  const Webhook webhook = Create({"prompt.created"});
  ASSERT_TRUE(service_->Update(caller_, webhook.id, {.active = false}).ok());
  Happen("prompt.created", 1);
  Happen("prompt.created", 2);
  std::this_thread::sleep_for(milliseconds(100));
  ASSERT_TRUE(service_->Update(caller_, webhook.id, {.active = true}).ok());
  Happen("prompt.created", 3);
  const auto requests = receiver_.WaitFor(1);
  ASSERT_EQ(requests.size(), 1u);
  EXPECT_THAT(requests[0].body, HasSubstr(R"({"n":3})"));
  WaitUntilQueueIsEmpty();
  EXPECT_EQ(receiver_.count(), 1u);
}

TEST_P(WebhookTest, ManagesThem) {
  const Webhook first = Create({"prompt.created", "model_version.created"}, "s3cret");
  Create({"prompt_alias.created"});
  EXPECT_EQ(service_->Get(caller_, first.id)->event_types,
            (std::vector<std::string>{"prompt.created", "model_version.created"}));
  const auto changed = service_->Update(
      caller_, first.id,
      {.name = "renamed", .description = "why", .event_types = std::vector<std::string>{"prompt_tag.set"}});
  ASSERT_TRUE(changed.ok()) << changed.status();
  EXPECT_EQ(service_->Get(caller_, first.id)->name, "renamed");
  EXPECT_EQ(service_->Get(caller_, first.id)->description, "why");
  EXPECT_EQ(service_->Get(caller_, first.id)->event_types, std::vector<std::string>{"prompt_tag.set"});

  const auto page = service_->List(caller_, 1, "");
  ASSERT_TRUE(page.ok());
  ASSERT_EQ(page->webhooks.size(), 1u);
  const auto rest = service_->List(caller_, 1, page->next_page_token);
  ASSERT_EQ(rest->webhooks.size(), 1u);
  EXPECT_NE(rest->webhooks[0].id, page->webhooks[0].id);
  EXPECT_EQ(rest->next_page_token, "");

  EXPECT_EQ(service_->Get({.workspace = "elsewhere"}, first.id).status().code(), absl::StatusCode::kNotFound);
  EXPECT_TRUE(service_->Delete(caller_, first.id).ok());
  EXPECT_EQ(service_->Delete(caller_, first.id).code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(service_->Update(caller_, first.id, {}).status().code(), absl::StatusCode::kNotFound);
}

TEST_P(WebhookTest, RefusesWhatWillNotDo) {
  const auto create = [&](std::string name, std::string url, std::vector<std::string> types) {
    return service_->Create(caller_, {.name = name, .url = url, .event_types = types}, "").status().code();
  };
  const std::string url = receiver_.url();
  EXPECT_EQ(create("ok", url, {"prompt.created"}), absl::StatusCode::kOk);
  for (const char* name : {"", "-a", "a-", "a b", "ünder"}) {
    EXPECT_EQ(create(name, url, {"prompt.created"}), absl::StatusCode::kInvalidArgument) << name;
  }
  EXPECT_EQ(create(std::string(64, 'a'), url, {"prompt.created"}), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(create("ok", "ftp://127.0.0.1/", {"prompt.created"}), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(create("ok", url, {}), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(create("ok", url, {"prompt.exploded"}), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(service_->List(caller_, 0, "").status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(service_->List(caller_, 10, "junk").status().code(), absl::StatusCode::kInvalidArgument);
}

TEST_P(WebhookTest, TriesOneOut) {
  const Webhook webhook = Create({"prompt.created"}, "s3cret");
  const auto tried = service_->Test(caller_, webhook.id, std::nullopt);
  ASSERT_TRUE(tried.ok()) << tried.status();
  EXPECT_TRUE(tried->delivered());
  EXPECT_EQ(tried->body, "hello");
  receiver_.Answer({500});
  EXPECT_EQ(service_->Test(caller_, webhook.id, "model_version.created")->http_status, 500);
  const auto requests = receiver_.WaitFor(2);
  EXPECT_THAT(requests[0].body, HasSubstr(R"("entity":"prompt")"));
  EXPECT_THAT(requests[1].body, HasSubstr(R"("entity":"model_version")"));
  EXPECT_EQ(service_->Test(caller_, webhook.id, "no.such").status().code(), absl::StatusCode::kInvalidArgument);
  ASSERT_TRUE(service_->Update(caller_, webhook.id, {.url = "http://127.0.0.1:1/"}).ok());
  EXPECT_NE(service_->Test(caller_, webhook.id, std::nullopt)->error, "");
}

TEST_P(WebhookTest, KeepsTheSecretSealed) {
  Create({"prompt.created"}, "s3cret");
  ASSERT_TRUE(db_->Read([](sql::Reader& r) {
                   return r.Query("SELECT secret FROM webhooks", {}, [](const sql::Row& row) {
                     EXPECT_GT(row.Bytes(0).size(), 20u);
                     EXPECT_THAT(std::string(row.Bytes(0)), ::testing::Not(HasSubstr("s3cret")));
                     return OkStatus();
                   });
                 })
                  .ok());
}

}  // namespace
}  // namespace maru::events
