// The decisions that need no database and no network: what is sent, when again, and where to.
#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>

#include <fstream>

#include "maru/events/network_policy.h"
#include "maru/events/secret_box.h"
#include "maru/events/webhook_request.h"
#include "maru/events/webhook_retry.h"
#include "maru/events/webhook_types.h"
#include "maru/json/json.h"
#include "maru/sql/test_database.h"

namespace maru::events {
namespace {

using std::chrono::milliseconds;
using ::testing::HasSubstr;

std::string Header(const WebhookRequest& request, std::string_view name) {
  for (const auto& [n, value] : request.headers) {
    if (n == name) return value;
  }
  return "";
}

TEST(WebhookRequestTest, HasMlflowsEnvelopeAndSignature) {
  const Event event{.time_ms = 1'700'000'000'123,
                    .workspace = "default",
                    .type = "model_version_alias.created",
                    .payload = R"({"name": "m", "alias": "champion", "version": "3"})"};
  const WebhookRequest request = MakeWebhookRequest(event, "d-1", "s3cret", 1'700'000'009'999);
  EXPECT_EQ(request.body,
            R"({"entity":"model_version_alias","action":"created","timestamp":"2023-11-14T22:13:20.123000+00:00",)"
            R"("data":{"name": "m", "alias": "champion", "version": "3"}})");
  EXPECT_EQ(Header(request, "X-MLflow-Delivery-Id"), "d-1");
  EXPECT_EQ(Header(request, "X-MLflow-Timestamp"), "1700000009");
  // hmac.new(b"s3cret", b"d-1.1700000009." + body, "sha256") in Python.
  EXPECT_EQ(Header(request, "X-MLflow-Signature"), "v1,Z1O1mNPgpVul/5541FauJSP0uoGPPTJV+lvktDWhC/k=");
  EXPECT_EQ(Header(MakeWebhookRequest(event, "d-1", "", 0), "X-MLflow-Signature"), "");
}

TEST(WebhookRequestTest, NamesAWorkspaceOtherThanTheDefault) {
  const Event event{.workspace = "growth", .type = "prompt.created", .payload = "{}"};
  EXPECT_THAT(MakeWebhookRequest(event, "d", "", 0).body, HasSubstr(R"("workspace":"growth")"));
}

TEST(WebhookTypesTest, ExamplesAreJson) {
  for (const WebhookType& type : WebhookTypes()) {
    EXPECT_EQ(type.type, std::string(type.entity) + "." + std::string(type.action));
    EXPECT_TRUE(json::Decode<json::Raw>(type.example_payload).ok()) << type.type;
  }
}

TEST(WebhookRetryTest, Decides) {
  struct Case {
    int attempts, http_status;
    std::optional<int> retry_after_s;
    double random;
    std::optional<std::int64_t> wait_ms;
  };
  const Case cases[] = {
      {1, 500, {}, 0, 1000},   {2, 503, {}, 0, 2000},   {4, 429, {}, 0, 8000}, {1, 0, {}, 0, 1000},
      {9, 500, {}, 0, 60'000}, {10, 500, {}, 0, {}},    {1, 400, {}, 0, {}},   {1, 404, {}, 0, {}},
      {1, 302, {}, 0, {}},     {1, 429, 30, 0, 30'000}, {1, 503, {}, 1, 2000}, {7, 503, 1, 0.5, 90'000},
  };
  for (const Case& c : cases) {
    const auto wait =
        WaitBeforeRetry({}, c.attempts, {.http_status = c.http_status, .retry_after_s = c.retry_after_s}, c.random);
    const auto wait_ms = wait ? std::optional<std::int64_t>(wait->count()) : std::nullopt;
    EXPECT_EQ(wait_ms, c.wait_ms) << c.attempts << " " << c.http_status;
  }
}

bool PublicAddress(const std::string& text) {
  sockaddr_storage storage{};
  auto* v4 = reinterpret_cast<sockaddr_in*>(&storage);
  auto* v6 = reinterpret_cast<sockaddr_in6*>(&storage);
  if (inet_pton(AF_INET, text.c_str(), &v4->sin_addr) == 1) {
    storage.ss_family = AF_INET;
  } else {
    EXPECT_EQ(inet_pton(AF_INET6, text.c_str(), &v6->sin6_addr), 1) << text;
    storage.ss_family = AF_INET6;
  }
  return IsPublic(reinterpret_cast<const sockaddr*>(&storage));
}

TEST(NetworkPolicyTest, KnowsWhatIsNotOnTheInternet) {
  for (const char* inside : {"127.0.0.1", "10.1.2.3", "172.16.0.1", "172.31.255.255", "192.168.1.1", "169.254.169.254",
                             "100.64.0.1", "0.0.0.0", "224.0.0.1", "255.255.255.255", "::1", "::", "fe80::1", "fd00::1",
                             "ff02::1", "::ffff:127.0.0.1", "64:ff9b::a00:1", "2002:7f00:1::", "2001:db8::1"}) {
    EXPECT_FALSE(PublicAddress(inside)) << inside;
  }
  for (const char* outside : {"8.8.8.8", "172.32.0.1", "100.128.0.1", "192.0.1.1", "2606:4700::1", "::ffff:8.8.8.8"}) {
    EXPECT_TRUE(PublicAddress(outside)) << outside;
  }
}

TEST(NetworkPolicyTest, ChecksUrls) {
  const NetworkPolicy strict;
  for (const char* bad : {"", "  ", "ftp://8.8.8.8/", "http://8.8.8.8/", "https://", "not a url", "https://127.0.0.1/x",
                          "https://[::1]/", "https://localhost/", "https://0x7f.1/", "https://2130706433/",
                          "https://169.254.169.254/latest", "https://no-such-host.invalid/"}) {
    EXPECT_EQ(CheckUrl(strict, bad).code(), absl::StatusCode::kInvalidArgument) << bad;
  }
  EXPECT_TRUE(CheckUrl(strict, "https://8.8.8.8/hook").ok());
  const NetworkPolicy trusting{.schemes = {"https", "http"}, .private_networks = true};
  EXPECT_TRUE(CheckUrl(trusting, "http://127.0.0.1:9/hook").ok());
  EXPECT_FALSE(CheckUrl(trusting, "file:///etc/passwd").ok());
}

TEST(SecretBoxTest, KeepsItsKeyAndNothingElse) {
  const sql::TempFolder folder;
  const auto box = SecretBox::Open(folder / "key");
  ASSERT_TRUE(box.ok()) << box.status();
  const std::string sealed = box->Seal("hunter2");
  EXPECT_THAT(sealed, ::testing::Not(HasSubstr("hunter2")));
  EXPECT_NE(sealed, box->Seal("hunter2")) << "the same secret twice must not show";
  EXPECT_EQ(*SecretBox::Open(folder / "key")->Unseal(sealed), "hunter2");
  EXPECT_EQ(std::filesystem::status(folder / "key").permissions(),
            std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
  EXPECT_EQ(SecretBox::Open(folder / "other")->Unseal(sealed).status().code(), absl::StatusCode::kFailedPrecondition);
  std::string damaged = sealed;
  damaged.back() ^= 1;
  EXPECT_FALSE(box->Unseal(damaged).ok());
  EXPECT_FALSE(box->Unseal("short").ok());
  std::ofstream(folder / "stub") << "x";
  EXPECT_EQ(SecretBox::Open(folder / "stub").status().code(), absl::StatusCode::kDataLoss);
}

}  // namespace
}  // namespace maru::events
