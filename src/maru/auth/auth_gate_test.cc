#include "maru/auth/auth_gate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

namespace maru::auth {
namespace {

using http::Request;
using http::Verb;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kLong[] = "correct horse battery";

class AuthGateTest : public ::testing::Test {
 protected:
  AuthGateTest() : folder_(std::filesystem::temp_directory_path() / fmt::format("maru-gate-{}", getpid())) {
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_);
    database_ = sql::Open("sqlite:" + (folder_ / "maru.db").string()).value();
    events_ = events::EventLog::Open(*database_, Clock::System()).value();
    accounts_ = Accounts::Open(*database_, *events_, Clock::System()).value();
    const std::string one_time = accounts_->MakeFirstAdmin().value().value();
    EXPECT_TRUE(accounts_->LogIn("admin", one_time, kLong, "p").ok());
    const Caller admin{.principal = "admin", .granted = Permission::kAdmin};
    EXPECT_TRUE(accounts_->CreateUser(admin, "ann", kLong, {{"default", Permission::kEdit}}).ok());
    token_ = accounts_->CreateToken(admin, {.user = "ann", .name = "t", .at_most = Permission::kView}).value().first;
    session_ = accounts_->LogIn("ann", kLong, "", "p").value();
  }
  ~AuthGateTest() override {
    accounts_.reset();
    events_.reset();
    database_.reset();
    std::filesystem::remove_all(folder_);
  }

  using HeaderList = std::vector<std::pair<std::string, std::string>>;
  Status Admit(Verb verb, Permission permission, const HeaderList& headers, Request* admitted = nullptr) {
    Request request;
    request.verb = verb;
    request.peer = "10.0.0.9:1234";
    request.headers.Add("Host", "maru.example:5000");
    for (const auto& [name, value] : headers) request.headers.Add(name, value);
    AuthGate gate(*accounts_);
    const http::Route route{verb, "/x", permission, {}, nullptr};
    const Status status = gate.Admit(request, route);
    if (admitted != nullptr) *admitted = std::move(request);
    return status;
  }
  std::string Cookie() const { return "theme=dark; maru_session=" + session_.cookie; }

  const std::filesystem::path folder_;
  std::unique_ptr<sql::Database> database_;
  std::unique_ptr<events::EventLog> events_;
  std::unique_ptr<Accounts> accounts_;
  std::string token_;
  Session session_;
};

TEST_F(AuthGateTest, NobodyGetsInWithoutAProof) {
  EXPECT_TRUE(Admit(Verb::kGet, Permission::kPublic, {}).ok());
  for (const HeaderList& headers :
       {HeaderList{}, HeaderList{{"Authorization", "Bearer"}}, HeaderList{{"Authorization", "Bearer "}},
        HeaderList{{"Authorization", "Bearer maru_wrong"}}, HeaderList{{"Authorization", "Basic !!!"}},
        HeaderList{{"Authorization", "Basic YW5u"}},          // ann, no password
        HeaderList{{"Authorization", "Basic YW5uOg=="}},      // ann:
        HeaderList{{"Authorization", "Basic YW5uOndyb25n"}},  // ann:wrong
        HeaderList{{"Authorization", "Digest x"}}, HeaderList{{"Cookie", "maru_session="}},
        HeaderList{{"Cookie", "maru_session=wrong"}}, HeaderList{{"Cookie", "maru_session2=" + session_.cookie}}}) {
    EXPECT_TRUE(absl::IsUnauthenticated(Admit(Verb::kGet, Permission::kView, headers)));
  }
}

TEST_F(AuthGateTest, EveryProofCarriesItsRole) {
  // ann:correct horse battery
  const HeaderList basic = {{"Authorization", "Basic YW5uOmNvcnJlY3QgaG9yc2UgYmF0dGVyeQ=="}};
  Request request;
  EXPECT_TRUE(Admit(Verb::kPost, Permission::kEdit, basic, &request).ok());
  EXPECT_EQ(request.caller.principal, "ann");
  EXPECT_EQ(request.caller.granted, Permission::kEdit);
  EXPECT_EQ(request.caller.workspace, "default");
  EXPECT_TRUE(absl::IsPermissionDenied(Admit(Verb::kPost, Permission::kAdmin, basic)));
  const HeaderList bearer = {{"authorization", "bearer " + token_}};
  EXPECT_TRUE(Admit(Verb::kPost, Permission::kView, bearer).ok());
  EXPECT_TRUE(absl::IsPermissionDenied(Admit(Verb::kPost, Permission::kEdit, bearer)));  // the token may only view
  EXPECT_TRUE(Admit(Verb::kGet, Permission::kEdit, {{"Cookie", Cookie()}}).ok());
}

TEST_F(AuthGateTest, RolesEndAtTheirWorkspace) {
  HeaderList headers = {{"Authorization", "Bearer " + token_}, {"X-MLFLOW-WORKSPACE", "team"}};
  EXPECT_TRUE(absl::IsPermissionDenied(Admit(Verb::kGet, Permission::kView, headers)));
  headers[1].second = "*";
  EXPECT_FALSE(Admit(Verb::kGet, Permission::kView, headers).ok());
  headers[1].second = "default";
  EXPECT_TRUE(Admit(Verb::kGet, Permission::kView, headers).ok());
}

TEST_F(AuthGateTest, OtherSitesCannotUseTheCookie) {
  const auto post = [&](HeaderList headers) {
    headers.push_back({"Cookie", Cookie()});
    return Admit(Verb::kPost, Permission::kEdit, headers);
  };
  EXPECT_TRUE(absl::IsPermissionDenied(post({})));  // a form could send this
  EXPECT_TRUE(post({{"X-Maru-Request", "1"}}).ok());
  EXPECT_TRUE(post({{"X-Maru-Request", "1"}, {"Origin", "https://maru.example:5000"}}).ok());
  EXPECT_TRUE(absl::IsPermissionDenied(post({{"X-Maru-Request", "1"}, {"Origin", "https://evil.example"}})));
  EXPECT_TRUE(absl::IsPermissionDenied(post({{"X-Maru-Request", "1"}, {"Origin", "null"}})));
  EXPECT_TRUE(absl::IsPermissionDenied(post({{"X-Maru-Request", "1"}, {"Sec-Fetch-Site", "cross-site"}})));
}

TEST_F(AuthGateTest, ChallengesClientsButNotThePage) {
  AuthGate gate(*accounts_);
  Request client;
  http::Reply reply;
  gate.Challenge(client, Unauthenticated("x"), reply);
  EXPECT_THAT(std::string(reply.headers.Get("WWW-Authenticate")), HasSubstr("Basic"));
  Request page;
  page.headers.Add("Sec-Fetch-Mode", "cors");
  http::Reply quiet;
  gate.Challenge(page, Unauthenticated("x"), quiet);
  EXPECT_THAT(std::string(quiet.headers.Get("WWW-Authenticate")), Not(HasSubstr("Basic")));
}

TEST(OpenGateTest, KeepsOtherSitesOut) {
  const auto admit = [](Verb verb, std::vector<std::pair<std::string, std::string>> headers, bool local = true) {
    Request request;
    request.verb = verb;
    for (auto& [name, value] : headers) request.headers.Add(name, value);
    const http::Route route{verb, "/x", Permission::kAdmin, {}, nullptr};
    return OpenGate(local).Admit(request, route);
  };
  for (const char* host : {"localhost:5000", "127.0.0.1:5000", "[::1]:5000", "192.168.1.7", "maru.localhost"}) {
    EXPECT_TRUE(admit(Verb::kPost, {{"Host", host}}).ok()) << host;
    EXPECT_TRUE(admit(Verb::kPost, {{"Host", host}, {"Origin", std::string("http://") + host}}).ok()) << host;
    EXPECT_FALSE(admit(Verb::kPost, {{"Host", host}, {"Origin", "http://evil.example"}}).ok()) << host;
  }
  for (const char* host : {"evil.example:5000", "127.0.0.1.evil.example", "localhost.evil.example"}) {
    EXPECT_FALSE(admit(Verb::kGet, {{"Host", host}}).ok()) << host;
    EXPECT_TRUE(admit(Verb::kGet, {{"Host", host}}, /*local=*/false).ok()) << host;
  }
}

TEST(CookieTest, IsSafeByDefault) {
  EXPECT_EQ(SetSessionCookie("x", true, 60), "maru_session=x; Path=/; HttpOnly; SameSite=Lax; Max-Age=60; Secure");
  EXPECT_THAT(SetSessionCookie("", false, 0), HasSubstr("Max-Age=0"));
}

}  // namespace
}  // namespace maru::auth
