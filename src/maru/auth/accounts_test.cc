#include "maru/auth/accounts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "maru/auth/password.h"

namespace maru::auth {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class TestClock final : public Clock {
 public:
  std::int64_t NowMs() const override { return now_ms; }
  std::int64_t MonotonicNs() const override { return now_ms * 1'000'000; }
  std::int64_t now_ms = 1'700'000'000'000;
};

constexpr char kLong[] = "correct horse battery";

class AccountsTest : public ::testing::Test {
 protected:
  AccountsTest() : folder_(std::filesystem::temp_directory_path() / fmt::format("maru-auth-{}", getpid())) {
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_);
    database_ = sql::Open("sqlite:" + (folder_ / "maru.db").string()).value();
    events_ = events::EventLog::Open(*database_, &clock_).value();
    accounts_ = Accounts::Open(*database_, *events_, &clock_).value();
    one_time_ = accounts_->MakeFirstAdmin().value().value();
    EXPECT_TRUE(accounts_->LogIn("admin", one_time_, kLong, "p").ok());
  }
  ~AccountsTest() override {
    accounts_.reset();
    events_.reset();
    database_.reset();
    std::filesystem::remove_all(folder_);
  }

  Caller Admin() const { return {.principal = "admin", .granted = Permission::kAdmin}; }
  void AddUser(const std::string& name, Roles roles) {
    ASSERT_TRUE(accounts_->CreateUser(Admin(), name, kLong, roles).ok());
  }

  const std::filesystem::path folder_;
  TestClock clock_;
  std::unique_ptr<sql::Database> database_;
  std::unique_ptr<events::EventLog> events_;
  std::unique_ptr<Accounts> accounts_;
  std::string one_time_;
};

TEST_F(AccountsTest, TheOneTimePasswordWorksOnce) {
  EXPECT_FALSE(accounts_->MakeFirstAdmin().value().has_value());
  EXPECT_TRUE(absl::IsUnauthenticated(accounts_->ByPassword("admin", one_time_, "p").status()));
  EXPECT_EQ(accounts_->ByPassword("admin", kLong, "p")->In("anywhere"), Permission::kAdmin);
}

TEST(FirstAdminTest, MustChangeItsPasswordFirst) {
  const auto folder = std::filesystem::temp_directory_path() / fmt::format("maru-auth-first-{}", getpid());
  std::filesystem::create_directories(folder);
  {
    TestClock clock;
    auto database = sql::Open("sqlite:" + (folder / "maru.db").string()).value();
    auto events = events::EventLog::Open(*database, &clock).value();
    auto accounts = Accounts::Open(*database, *events, &clock).value();
    const std::string password = accounts->MakeFirstAdmin().value().value();
    EXPECT_TRUE(absl::IsFailedPrecondition(accounts->ByPassword("admin", password, "p").status()));
    EXPECT_TRUE(absl::IsFailedPrecondition(accounts->LogIn("admin", password, "", "p").status()));
    EXPECT_TRUE(absl::IsInvalidArgument(accounts->LogIn("admin", password, password, "p").status()));
    EXPECT_TRUE(absl::IsInvalidArgument(accounts->LogIn("admin", password, "short", "p").status()));
    EXPECT_TRUE(absl::IsUnauthenticated(accounts->LogIn("admin", "wrong password", kLong, "p").status()));
    EXPECT_TRUE(accounts->LogIn("admin", password, kLong, "p").ok());
  }
  std::filesystem::remove_all(folder);
}

TEST_F(AccountsTest, RolesCountInTheirWorkspace) {
  AddUser("ann", {{"team", Permission::kEdit}, {"*", Permission::kView}});
  const Identity ann = accounts_->ByPassword("ann", kLong, "p").value();
  EXPECT_EQ(ann.In("team"), Permission::kEdit);
  EXPECT_EQ(ann.In("default"), Permission::kView);
  ASSERT_TRUE(accounts_->SetRole(Admin(), "ann", "*", Permission::kPublic).ok());
  EXPECT_EQ(accounts_->ByPassword("ann", kLong, "p")->In("default"), Permission::kPublic);
}

TEST_F(AccountsTest, ChangesCountAtOnce) {
  AddUser("ann", {{"*", Permission::kEdit}});
  const auto [secret, token] = accounts_
                                   ->CreateToken({.principal = "ann", .granted = Permission::kEdit},
                                                 {.name = "ci", .at_most = Permission::kView})
                                   .value();
  EXPECT_THAT(secret, HasSubstr("maru_"));
  EXPECT_EQ(accounts_->ByToken(secret)->In("x"), Permission::kView);
  const Session session = accounts_->LogIn("ann", kLong, "", "p").value();
  EXPECT_TRUE(accounts_->ByCookie(session.cookie).ok());
  EXPECT_TRUE(accounts_->ByPassword("ann", kLong, "p").ok());

  ASSERT_TRUE(accounts_->RevokeToken({.principal = "ann", .granted = Permission::kView}, token.id).ok());
  EXPECT_TRUE(absl::IsUnauthenticated(accounts_->ByToken(secret).status()));
  ASSERT_TRUE(accounts_->SetPassword(Admin(), "ann", "another long password", "").ok());
  EXPECT_TRUE(absl::IsUnauthenticated(accounts_->ByCookie(session.cookie).status()));
  EXPECT_TRUE(absl::IsUnauthenticated(accounts_->ByPassword("ann", kLong, "p").status()));
  const Session later = accounts_->LogIn("ann", "another long password", "", "p").value();
  ASSERT_TRUE(accounts_->DeleteUser(Admin(), "ann").ok());
  EXPECT_TRUE(absl::IsUnauthenticated(accounts_->ByCookie(later.cookie).status()));
  EXPECT_TRUE(absl::IsUnauthenticated(accounts_->ByPassword("ann", "another long password", "q").status()));
}

TEST_F(AccountsTest, ProofsExpire) {
  AddUser("ann", {{"*", Permission::kEdit}});
  const auto [secret, token] =
      accounts_
          ->CreateToken({.principal = "ann", .granted = Permission::kEdit},
                        {.name = "ci", .at_most = Permission::kEdit, .expires_ms = clock_.now_ms + 1000})
          .value();
  const Session session = accounts_->LogIn("ann", kLong, "", "p").value();
  EXPECT_TRUE(accounts_->ByToken(secret).ok());
  clock_.now_ms += 1001;
  EXPECT_FALSE(accounts_->ByToken(secret).ok());
  EXPECT_TRUE(accounts_->ByCookie(session.cookie).ok());
  clock_.now_ms += 8LL * 24 * 3600 * 1000;
  EXPECT_FALSE(accounts_->ByCookie(session.cookie).ok());
}

TEST_F(AccountsTest, OnlyAdminsOfTheServerManageUsers) {
  AddUser("boss", {{"team", Permission::kAdmin}});
  const Caller boss{.principal = "boss", .workspace = "team", .granted = Permission::kAdmin};
  EXPECT_TRUE(absl::IsPermissionDenied(accounts_->CreateUser(boss, "x", kLong, {}).status()));
  EXPECT_TRUE(absl::IsPermissionDenied(accounts_->ListUsers(boss).status()));
  EXPECT_TRUE(absl::IsPermissionDenied(accounts_->SetRole(boss, "boss", "*", Permission::kAdmin)));
  EXPECT_TRUE(absl::IsPermissionDenied(accounts_->SetPassword(boss, "admin", kLong, "")));
  EXPECT_TRUE(absl::IsPermissionDenied(accounts_->CreateToken(boss, {.user = "admin", .name = "x"}).status()));
  EXPECT_TRUE(absl::IsPermissionDenied(accounts_->DeleteUser(boss, "admin")));
  EXPECT_TRUE(accounts_->GetUser(boss, "boss").ok());
  // An admin's token that may only view manages nobody either.
  const Caller weak{.principal = "admin", .granted = Permission::kView};
  EXPECT_TRUE(absl::IsPermissionDenied(accounts_->CreateUser(weak, "x", kLong, {}).status()));
  EXPECT_TRUE(absl::IsPermissionDenied(accounts_->CreateToken(weak, {.name = "x"}).status()));
}

TEST_F(AccountsTest, OwnPasswordsNeedTheCurrentOne) {
  AddUser("ann", {{"*", Permission::kView}});
  const Caller ann{.principal = "ann", .granted = Permission::kView};
  EXPECT_TRUE(absl::IsUnauthenticated(accounts_->SetPassword(ann, "ann", "another long password", "wrong")));
  EXPECT_TRUE(accounts_->SetPassword(ann, "ann", "another long password", kLong).ok());
}

TEST_F(AccountsTest, TheLastAdminStays) {
  EXPECT_TRUE(absl::IsFailedPrecondition(accounts_->DeleteUser(Admin(), "admin")));
  EXPECT_TRUE(absl::IsFailedPrecondition(accounts_->SetRole(Admin(), "admin", "*", Permission::kView)));
  AddUser("second", {{"*", Permission::kAdmin}});
  EXPECT_TRUE(accounts_->DeleteUser(Admin(), "admin").ok());
}

TEST_F(AccountsTest, GuessingIsSlowedDown) {
  AddUser("ann", {{"*", Permission::kView}});
  for (int i = 0; i < 5; ++i) {
    EXPECT_TRUE(absl::IsUnauthenticated(accounts_->ByPassword("ann", "wrong", "evil").status()));
  }
  // The right one is not looked at either, or guessing would go on.
  EXPECT_TRUE(absl::IsResourceExhausted(accounts_->ByPassword("ann", kLong, "evil").status()));
  EXPECT_TRUE(accounts_->ByPassword("ann", kLong, "home").ok());
  clock_.now_ms += 501;
  EXPECT_TRUE(accounts_->ByPassword("ann", kLong, "evil").ok());
}

TEST_F(AccountsTest, StoresNoSecret) {
  AddUser("ann", {{"*", Permission::kAdmin}});
  const auto [secret, token] =
      accounts_->CreateToken({.principal = "ann", .granted = Permission::kAdmin}, {.name = "ci"}).value();
  const Session session = accounts_->LogIn("ann", kLong, "", "p").value();
  accounts_.reset();
  events_.reset();
  database_.reset();
  for (const auto& file : std::filesystem::directory_iterator(folder_)) {
    std::ifstream in(file.path(), std::ios::binary);
    const std::string bytes((std::istreambuf_iterator<char>(in)), {});
    EXPECT_EQ(bytes.find(secret), std::string::npos) << file.path();
    EXPECT_EQ(bytes.find(session.cookie), std::string::npos) << file.path();
    EXPECT_EQ(bytes.find(kLong), std::string::npos) << file.path();
    EXPECT_EQ(bytes.find(one_time_), std::string::npos) << file.path();
  }
}

TEST_F(AccountsTest, TellsWhatHappened) {
  AddUser("ann", {});
  ASSERT_TRUE(accounts_->SetRole(Admin(), "ann", "team", Permission::kEdit).ok());
  const auto events = events_->ReadBackwards(0, 1).value();
  EXPECT_EQ(events[0].type, "user.role_set");
  EXPECT_EQ(events[0].subject, "user/ann");
  EXPECT_EQ(events[0].principal, "admin");
  EXPECT_THAT(events[0].payload, HasSubstr("editor"));
}

TEST_F(AccountsTest, RefusesBadNamesAndPasswords) {
  for (const char* name : {"", "a b", "a/b", "a\nb", "*"}) {
    EXPECT_TRUE(absl::IsInvalidArgument(accounts_->CreateUser(Admin(), name, kLong, {}).status())) << name;
  }
  EXPECT_TRUE(absl::IsInvalidArgument(accounts_->CreateUser(Admin(), "x", "elevenchars", {}).status()));
  AddUser("ann", {});
  EXPECT_TRUE(absl::IsAlreadyExists(accounts_->CreateUser(Admin(), "ann", kLong, {}).status()));
  EXPECT_TRUE(absl::IsNotFound(accounts_->DeleteUser(Admin(), "nobody")));
}

TEST(PasswordTest, HashesAreSaltedAndVerified) {
  const std::string hash = HashPassword("one").value();
  EXPECT_THAT(hash, HasSubstr("$argon2id$"));
  EXPECT_THAT(hash, Not(HasSubstr("one")));
  EXPECT_NE(hash, HashPassword("one").value());
  EXPECT_TRUE(VerifyPassword("one", hash).value());
  EXPECT_FALSE(VerifyPassword("two", hash).value());
  EXPECT_EQ(Sha256Hex("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

}  // namespace
}  // namespace maru::auth
