// Users, their roles, and the proofs of who somebody is: passwords, API tokens, sessions of the page.
//
// Only hashes of passwords, tokens and cookies are stored. Every change appends an event. Proofs that were found right
// are remembered in memory for a short time (under a keyed hash), so that a client that sends its password with every
// request does not pay for argon2 each time; any change of accounts forgets them all at once.
//
// Threads: thread-safe; everything may block on storage, and on argon2.
// Errors: kUnauthenticated for a wrong proof, with one message for all reasons; kResourceExhausted while a user or a
// peer is slowed down; kPermissionDenied for what needs an admin of the server; kFailedPrecondition for a one-time
// password that must be changed first, and for taking away the last admin.
#pragma once

#include <absl/functional/function_ref.h>

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "maru/auth/attempt_limiter.h"
#include "maru/auth/identity.h"
#include "maru/base/caller.h"
#include "maru/base/clock.h"
#include "maru/base/status.h"
#include "maru/events/event_log.h"
#include "maru/sql/database.h"

namespace maru::auth {

struct User {
  std::int64_t id = 0;
  std::string name;
  Roles roles;
  std::int64_t created_ms = 0;
  bool must_change_password = false;
};

struct Token {
  std::string id;  // names it; not the secret
  std::string user;
  std::string name;  // what its owner calls it
  Permission at_most = Permission::kAdmin;
  std::int64_t created_ms = 0;
  std::optional<std::int64_t> expires_ms;
};

struct NewToken {
  std::string user;  // empty: the caller's own
  std::string name;
  Permission at_most = Permission::kAdmin;
  std::optional<std::int64_t> expires_ms;
};

struct Session {
  std::string cookie;  // the secret
  std::int64_t expires_ms = 0;
  Identity identity;
};

class Accounts {
 public:
  // All must outlive the accounts.
  static Result<std::unique_ptr<Accounts>> Open(sql::Database& database, events::EventLog& events, const Clock* clock);

  // When there is no user yet: makes `admin`, and returns the one-time password to print.
  Result<std::optional<std::string>> MakeFirstAdmin();

  // --- Proofs. `peer` is the address attempts are counted by. ---
  Result<Identity> ByPassword(std::string_view user, std::string_view password, std::string_view peer);
  Result<Identity> ByToken(std::string_view token);
  Result<Identity> ByCookie(std::string_view cookie);
  // `new_password` replaces the password first, when given; a one-time password needs it.
  Result<Session> LogIn(std::string_view user, std::string_view password, std::string_view new_password,
                        std::string_view peer);
  Status LogOut(std::string_view cookie);  // OK when it was none

  // --- For the server's admins, and partly for users about themselves. ---
  Result<User> CreateUser(const Caller& caller, std::string_view name, std::string_view password, const Roles& roles);
  Result<User> GetUser(const Caller& caller, std::string_view name);
  Result<std::vector<User>> ListUsers(const Caller& caller);
  Status DeleteUser(const Caller& caller, std::string_view name);
  // Ends the user's sessions. Users give their current password; admins need none for others.
  Status SetPassword(const Caller& caller, std::string_view name, std::string_view password,
                     std::string_view current_password);
  Status SetRole(const Caller& caller, std::string_view name, std::string_view workspace, Permission role);

  // The secret, shown this once, with what is remembered of it.
  Result<std::pair<std::string, Token>> CreateToken(const Caller& caller, const NewToken& wanted);
  Result<std::vector<Token>> ListTokens(const Caller& caller, std::string_view user);  // empty: the caller's own
  Status RevokeToken(const Caller& caller, std::string_view id);

 private:
  struct Remembered {
    Identity identity;
    std::int64_t until_ms;
  };
  struct Credentials;

  Accounts(sql::Database& database, events::EventLog& events, const Clock* clock);

  Status RequireAdmin(const Caller& caller);
  Status RequireAdminOr(const Caller& caller, std::string_view user);
  Status Change(absl::FunctionRef<Status(sql::Writer&)> change);
  Result<Credentials> FindCredentials(std::string_view user);
  Result<Identity> ByStored(std::string_view kind, std::string_view sql, std::string_view secret);

  std::string MemoryKey(std::string_view kind, std::string_view a, std::string_view b = {}) const;
  std::optional<Identity> Recall(const std::string& key);
  void Remember(const std::string& key, const Identity& identity, std::int64_t until_ms, std::uint64_t generation);

  sql::Database& database_;
  events::EventLog& events_;
  const Clock* const clock_;
  const std::string memory_secret_;
  std::once_flag dummy_once_;
  std::string dummy_hash_;  // of no password: unknown users take as long as wrong passwords
  AttemptLimiter attempts_;
  std::mutex mutex_;
  std::unordered_map<std::string, Remembered> remembered_;
  std::uint64_t generation_ = 0;  // grows with every change; what was read before it is not remembered
};

}  // namespace maru::auth
