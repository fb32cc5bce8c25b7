#include "maru/auth/accounts.h"

#include <sodium.h>

#include "maru/auth/password.h"
#include "maru/auth/schema.h"
#include "maru/base/ids.h"
#include "maru/base/log.h"
#include "maru/json/json.h"
#include "maru/sql/migration.h"

namespace maru::auth {
namespace {

constexpr std::int64_t kRememberMs = 60'000;
constexpr std::size_t kRememberedMax = 10'000;
constexpr std::int64_t kSessionMs = 7LL * 24 * 3600 * 1000;
constexpr std::size_t kTokenBytes = 32;
constexpr std::string_view kTokenPrefix = "maru_";  // secret scanners know what they have found

constexpr std::string_view kAnyUser = "SELECT 1 FROM users LIMIT 1";
constexpr std::string_view kInsertUser =
    "INSERT INTO users (name, password_hash, must_change, created_time) VALUES (?, ?, ?, ?) "
    "ON CONFLICT (name) DO NOTHING";
constexpr std::string_view kFindUser =
    "SELECT id, name, password_hash, must_change, created_time FROM users WHERE name = ?";
constexpr std::string_view kAllUsers =
    "SELECT id, name, password_hash, must_change, created_time FROM users ORDER BY name";
constexpr std::string_view kRolesOf = "SELECT workspace, role FROM user_roles WHERE user_id = ?";
constexpr std::string_view kPutRole =
    "INSERT INTO user_roles (user_id, workspace, role) VALUES (?, ?, ?) "
    "ON CONFLICT (user_id, workspace) DO UPDATE SET role = excluded.role";
constexpr std::string_view kDropRole = "DELETE FROM user_roles WHERE user_id = ? AND workspace = ?";
constexpr std::string_view kAdmins = "SELECT COUNT(*) FROM user_roles WHERE workspace = '*' AND role = 'admin'";
constexpr std::string_view kDropRoles = "DELETE FROM user_roles WHERE user_id = ?";
constexpr std::string_view kDropTokens = "DELETE FROM tokens WHERE user_id = ?";
constexpr std::string_view kDropSessions = "DELETE FROM sessions WHERE user_id = ?";
constexpr std::string_view kDropUser = "DELETE FROM users WHERE id = ?";
constexpr std::string_view kSetPassword = "UPDATE users SET password_hash = ?, must_change = 0 WHERE name = ?";
constexpr std::string_view kInsertToken =
    "INSERT INTO tokens (id, user_id, name, hash, role, created_time, expires_time) VALUES (?, ?, ?, ?, ?, ?, ?)";
constexpr std::string_view kByToken =
    "SELECT u.id, u.name, u.must_change, t.role, t.expires_time FROM tokens t JOIN users u ON u.id = t.user_id "
    "WHERE t.hash = ?";
constexpr std::string_view kByCookie =
    "SELECT u.id, u.name, u.must_change, 'admin', s.expires_time FROM sessions s JOIN users u ON u.id = s.user_id "
    "WHERE s.hash = ?";
constexpr std::string_view kTokensOf =
    "SELECT t.id, u.name, t.name, t.role, t.created_time, t.expires_time FROM tokens t JOIN users u ON u.id = "
    "t.user_id WHERE u.name = ? ORDER BY t.created_time, t.id";
constexpr std::string_view kTokenOwner = "SELECT u.name FROM tokens t JOIN users u ON u.id = t.user_id WHERE t.id = ?";
constexpr std::string_view kDropToken = "DELETE FROM tokens WHERE id = ?";
constexpr std::string_view kInsertSession =
    "INSERT INTO sessions (hash, user_id, created_time, expires_time) VALUES (?, ?, ?, ?)";
constexpr std::string_view kDropSession = "DELETE FROM sessions WHERE hash = ?";
constexpr std::string_view kDropOldSessions = "DELETE FROM sessions WHERE expires_time < ?";

Status WrongProof() {
  return Unauthenticated(
      "log in first: send a user's name and password (HTTP basic), an API token (bearer), or the page's session");
}
Status WrongPassword() {
  return Unauthenticated("the user name or the password is wrong");
}
Status NoUser(std::string_view name) {
  return NotFound("there is no user {}", name);
}

Status CheckUserName(std::string_view name) {
  const bool good = !name.empty() && name.size() <= 128 && std::all_of(name.begin(), name.end(), [](unsigned char c) {
    return isalnum(c) || c == '.' || c == '_' || c == '-' || c == '@' || c == '+';
  });
  if (good) return OkStatus();
  return InvalidArgument("a user's name has 1 to 128 letters, digits, '.', '_', '-', '@' and '+'");
}

User UserFromRow(const sql::Row& row) {
  return {.id = row.Int(0), .name = row.String(1), .created_ms = row.Int(4), .must_change_password = row.Bool(3)};
}

Result<Roles> ReadRoles(sql::Reader& reader, std::int64_t user_id) {
  Roles roles;
  MARU_RETURN_IF_ERROR(reader.Query(kRolesOf, {user_id}, [&](const sql::Row& row) -> Status {
    MARU_ASSIGN_OR_RETURN(roles[row.String(0)], ParseRole(row.Text(1)));
    return OkStatus();
  }));
  return roles;
}

Result<User> ReadUser(sql::Reader& reader, std::string_view name) {
  MARU_ASSIGN_OR_RETURN(std::optional<User> user, reader.QueryOne(kFindUser, {name}, UserFromRow));
  if (!user) return NoUser(name);
  MARU_ASSIGN_OR_RETURN(user->roles, ReadRoles(reader, user->id));
  return *std::move(user);
}

// After a change that may have taken it: the last admin could not be brought back by anybody.
Status CheckAdminLeft(sql::Reader& reader) {
  MARU_ASSIGN_OR_RETURN(const auto admins,
                        reader.QueryOne(kAdmins, {}, [](const sql::Row& row) { return row.Int(0); }));
  if (admins.value_or(0) > 0) return OkStatus();
  return FailedPrecondition("this is the last admin of the server; make another one first");
}

Status PutRoles(sql::Writer& writer, std::int64_t user_id, const Roles& roles) {
  for (const auto& [workspace, role] : roles) {
    MARU_RETURN_IF_ERROR(writer.Execute(kPutRole, {user_id, workspace, RoleName(role)}).status());
  }
  return OkStatus();
}

std::string Subject(std::string_view user) {
  return fmt::format("user/{}", user);
}

}  // namespace

struct Accounts::Credentials {
  std::optional<User> user;
  std::string hash;
};

Result<std::unique_ptr<Accounts>> Accounts::Open(sql::Database& database, events::EventLog& events,
                                                 const Clock* clock) {
  if (sodium_init() < 0) return Internal("libsodium does not start");
  MARU_RETURN_IF_ERROR(sql::Migrate(database, "auth", kMigrations));
  return std::unique_ptr<Accounts>(new Accounts(database, events, clock));
}

Accounts::Accounts(sql::Database& database, events::EventLog& events, const Clock* clock)
    : database_(database), events_(events), clock_(clock), memory_secret_(NewSecret(32)) {}

Result<std::optional<std::string>> Accounts::MakeFirstAdmin() {
  bool any = false;
  MARU_RETURN_IF_ERROR(database_.Read([&](sql::Reader& reader) {
    return reader.Query(kAnyUser, {}, [&](const sql::Row&) { return any = true, OkStatus(); });
  }));
  if (any) return std::nullopt;
  const std::string password = NewSecret(15);
  MARU_ASSIGN_OR_RETURN(const std::string hash, HashPassword(password));
  MARU_RETURN_IF_ERROR(Change([&](sql::Writer& writer) -> Status {
    MARU_RETURN_IF_ERROR(writer.Execute(kInsertUser, {"admin", hash, true, clock_->NowMs()}).status());
    MARU_ASSIGN_OR_RETURN(const User user, ReadUser(writer, "admin"));
    MARU_RETURN_IF_ERROR(PutRoles(writer, user.id, {{kEveryWorkspace, Permission::kAdmin}}));
    return events_.Append(writer, {.principal = "maru"}, "user.created", Subject("admin"));
  }));
  return password;
}

// --- Proofs ---

Result<Accounts::Credentials> Accounts::FindCredentials(std::string_view name) {
  Credentials found;
  MARU_RETURN_IF_ERROR(database_.Read([&](sql::Reader& reader) -> Status {
    MARU_ASSIGN_OR_RETURN(auto row, reader.QueryOne(kFindUser, {name}, [](const sql::Row& row) {
      return std::pair(UserFromRow(row), row.String(2));
    }));
    if (!row) return OkStatus();
    found = {std::move(row->first), std::move(row->second)};
    MARU_ASSIGN_OR_RETURN(found.user->roles, ReadRoles(reader, found.user->id));
    return OkStatus();
  }));
  return found;
}

Result<Identity> Accounts::ByPassword(std::string_view name, std::string_view password, std::string_view peer) {
  const std::string key = MemoryKey("password", name, password);
  if (auto identity = Recall(key)) return *std::move(identity);
  const std::int64_t now = clock_->NowMs();
  if (const std::int64_t pause = attempts_.PauseMs(name, peer, now); pause > 0) {
    return ResourceExhausted("too many failed log-ins; try again in {} s", (pause + 999) / 1000);
  }
  std::uint64_t generation;
  {
    std::lock_guard lock(mutex_);
    generation = generation_;
  }
  std::call_once(dummy_once_, [this] { dummy_hash_ = HashPassword(NewSecret(32)).value_or(""); });
  MARU_ASSIGN_OR_RETURN(const Credentials found, FindCredentials(name));
  MARU_ASSIGN_OR_RETURN(const bool right, VerifyPassword(password, found.user ? found.hash : dummy_hash_));
  if (!right || !found.user) {
    attempts_.Failed(name, peer, now);
    log::Warn("failed log-in", {{"user", name.substr(0, 128)}, {"peer", peer}});
    return WrongPassword();
  }
  attempts_.Succeeded(name, peer);
  if (found.user->must_change_password) {
    return FailedPrecondition(
        "this one-time password must be changed first: log in on the page, or send it with a "
        "\"new_password\" to /api/maru/v1/session");
  }
  Identity identity{.user = found.user->name, .roles = found.user->roles};
  Remember(key, identity, now + kRememberMs, generation);
  return identity;
}

Result<Identity> Accounts::ByStored(std::string_view kind, std::string_view sql, std::string_view secret) {
  if (secret.empty() || secret.size() > 256) return WrongProof();
  const std::string key = MemoryKey(kind, secret);
  if (auto identity = Recall(key)) return *std::move(identity);
  const std::int64_t now = clock_->NowMs();
  std::uint64_t generation;
  {
    std::lock_guard lock(mutex_);
    generation = generation_;
  }
  const std::string hash = Sha256Hex(secret);
  Identity identity;
  std::int64_t until = 0;
  bool must_change = false;
  MARU_RETURN_IF_ERROR(database_.Read([&](sql::Reader& reader) -> Status {
    std::optional<std::int64_t> user_id;
    std::string role;
    MARU_RETURN_IF_ERROR(reader.Query(sql, {hash}, [&](const sql::Row& row) {
      user_id = row.Int(0);
      identity.user = row.String(1);
      must_change = row.Bool(2);
      role = row.String(3);
      until = row.OptionalInt(4).value_or(now + kRememberMs);
      return OkStatus();
    }));
    if (!user_id || until <= now) return WrongProof();
    MARU_ASSIGN_OR_RETURN(identity.at_most, ParseRole(role));
    MARU_ASSIGN_OR_RETURN(identity.roles, ReadRoles(reader, *user_id));
    return OkStatus();
  }));
  if (must_change) return FailedPrecondition("change the one-time password first");
  Remember(key, identity, std::min(until, now + kRememberMs), generation);
  return identity;
}

Result<Identity> Accounts::ByToken(std::string_view token) {
  return ByStored("token", kByToken, token);
}

Result<Identity> Accounts::ByCookie(std::string_view cookie) {
  return ByStored("cookie", kByCookie, cookie);
}

Result<Session> Accounts::LogIn(std::string_view name, std::string_view password, std::string_view new_password,
                                std::string_view peer) {
  if (!new_password.empty()) {
    MARU_RETURN_IF_ERROR(CheckPassword(new_password));
    if (new_password == password) return InvalidArgument("the new password must be another one");
  }
  Result<Identity> identity = ByPassword(name, password, peer);
  // The password was right when all that is missing is its change.
  const bool must_change = absl::IsFailedPrecondition(identity.status());
  if (!identity.ok() && !(must_change && !new_password.empty())) return identity.status();
  std::string hash;
  if (!new_password.empty()) {
    MARU_ASSIGN_OR_RETURN(hash, HashPassword(new_password));
  }
  Session session{.cookie = NewSecret(kTokenBytes), .expires_ms = clock_->NowMs() + kSessionMs};
  const std::string cookie_hash = Sha256Hex(session.cookie);
  const Caller caller{.principal = std::string(name)};
  MARU_RETURN_IF_ERROR(Change([&](sql::Writer& writer) -> Status {
    MARU_ASSIGN_OR_RETURN(const User user, ReadUser(writer, name));
    if (!hash.empty()) {
      MARU_RETURN_IF_ERROR(writer.Execute(kSetPassword, {hash, name}).status());
      MARU_RETURN_IF_ERROR(writer.Execute(kDropSessions, {user.id}).status());
      MARU_RETURN_IF_ERROR(events_.Append(writer, caller, "user.password_changed", Subject(name)));
    }
    MARU_RETURN_IF_ERROR(writer.Execute(kDropOldSessions, {clock_->NowMs()}).status());
    MARU_RETURN_IF_ERROR(
        writer.Execute(kInsertSession, {cookie_hash, user.id, clock_->NowMs(), session.expires_ms}).status());
    return events_.Append(writer, caller, "session.opened", Subject(name));
  }));
  MARU_ASSIGN_OR_RETURN(session.identity, ByCookie(session.cookie));
  return session;
}

Status Accounts::LogOut(std::string_view cookie) {
  const std::string hash = Sha256Hex(cookie);
  const Result<Identity> identity = ByCookie(cookie);
  if (!identity.ok()) return OkStatus();
  return Change([&](sql::Writer& writer) -> Status {
    MARU_RETURN_IF_ERROR(writer.Execute(kDropSession, {hash}).status());
    return events_.Append(writer, {.principal = identity->user}, "session.closed", Subject(identity->user));
  });
}

// --- Users ---

Status Accounts::RequireAdmin(const Caller& caller) {
  if (caller.granted >= Permission::kAdmin) {
    Result<User> user = NotFound("");
    MARU_RETURN_IF_ERROR(database_.Read([&](sql::Reader& reader) {
      user = ReadUser(reader, caller.principal);
      return OkStatus();
    }));
    if (user.ok() && Identity{.user = user->name, .roles = user->roles}.In(kEveryWorkspace) == Permission::kAdmin) {
      return OkStatus();
    }
  }
  return PermissionDenied("this needs an admin of the server");
}

Status Accounts::RequireAdminOr(const Caller& caller, std::string_view user) {
  return caller.principal == user ? OkStatus() : RequireAdmin(caller);
}

Status Accounts::Change(absl::FunctionRef<Status(sql::Writer&)> change) {
  const Status status = database_.Write(change);
  {
    std::lock_guard lock(mutex_);
    ++generation_;
    remembered_.clear();
  }
  if (status.ok()) events_.Announce();
  return status;
}

Result<User> Accounts::CreateUser(const Caller& caller, std::string_view name, std::string_view password,
                                  const Roles& roles) {
  MARU_RETURN_IF_ERROR(RequireAdmin(caller));
  MARU_RETURN_IF_ERROR(CheckUserName(name));
  MARU_RETURN_IF_ERROR(CheckPassword(password));
  MARU_ASSIGN_OR_RETURN(const std::string hash, HashPassword(password));
  User created;
  MARU_RETURN_IF_ERROR(Change([&](sql::Writer& writer) -> Status {
    MARU_ASSIGN_OR_RETURN(const std::int64_t added, writer.Execute(kInsertUser, {name, hash, false, clock_->NowMs()}));
    if (added == 0) return AlreadyExists("User (username={}) already exists", name);
    MARU_ASSIGN_OR_RETURN(created, ReadUser(writer, name));
    MARU_RETURN_IF_ERROR(PutRoles(writer, created.id, roles));
    created.roles = roles;
    return events_.Append(writer, caller, "user.created", Subject(name));
  }));
  return created;
}

Result<User> Accounts::GetUser(const Caller& caller, std::string_view name) {
  MARU_RETURN_IF_ERROR(RequireAdminOr(caller, name));
  Result<User> user = NoUser(name);
  MARU_RETURN_IF_ERROR(database_.Read([&](sql::Reader& reader) {
    user = ReadUser(reader, name);
    return OkStatus();
  }));
  return user;
}

Result<std::vector<User>> Accounts::ListUsers(const Caller& caller) {
  MARU_RETURN_IF_ERROR(RequireAdmin(caller));
  std::vector<User> users;
  MARU_RETURN_IF_ERROR(database_.Read([&](sql::Reader& reader) -> Status {
    MARU_ASSIGN_OR_RETURN(users, reader.QueryAll(kAllUsers, {}, UserFromRow));
    for (User& user : users) {
      MARU_ASSIGN_OR_RETURN(user.roles, ReadRoles(reader, user.id));
    }
    return OkStatus();
  }));
  return users;
}

Status Accounts::DeleteUser(const Caller& caller, std::string_view name) {
  MARU_RETURN_IF_ERROR(RequireAdmin(caller));
  return Change([&](sql::Writer& writer) -> Status {
    MARU_ASSIGN_OR_RETURN(const User user, ReadUser(writer, name));
    for (const std::string_view sql : {kDropRoles, kDropTokens, kDropSessions, kDropUser}) {
      MARU_RETURN_IF_ERROR(writer.Execute(sql, {user.id}).status());
    }
    MARU_RETURN_IF_ERROR(CheckAdminLeft(writer));
    return events_.Append(writer, caller, "user.deleted", Subject(name));
  });
}

Status Accounts::SetPassword(const Caller& caller, std::string_view name, std::string_view password,
                             std::string_view current_password) {
  MARU_RETURN_IF_ERROR(RequireAdminOr(caller, name));
  MARU_RETURN_IF_ERROR(CheckPassword(password));
  if (caller.principal == name) {
    // A session left open must not be enough to take over the account.
    MARU_RETURN_IF_ERROR(ByPassword(name, current_password, "own").status());
  }
  MARU_ASSIGN_OR_RETURN(const std::string hash, HashPassword(password));
  return Change([&](sql::Writer& writer) -> Status {
    MARU_ASSIGN_OR_RETURN(const User user, ReadUser(writer, name));
    MARU_RETURN_IF_ERROR(writer.Execute(kSetPassword, {hash, name}).status());
    MARU_RETURN_IF_ERROR(writer.Execute(kDropSessions, {user.id}).status());
    return events_.Append(writer, caller, "user.password_changed", Subject(name));
  });
}

Status Accounts::SetRole(const Caller& caller, std::string_view name, std::string_view workspace, Permission role) {
  MARU_RETURN_IF_ERROR(RequireAdmin(caller));
  if (workspace.empty() || workspace.size() > 64) return InvalidArgument("a role needs a workspace, or * for all");
  return Change([&](sql::Writer& writer) -> Status {
    MARU_ASSIGN_OR_RETURN(const User user, ReadUser(writer, name));
    if (role == Permission::kPublic) {
      MARU_RETURN_IF_ERROR(writer.Execute(kDropRole, {user.id, workspace}).status());
    } else {
      MARU_RETURN_IF_ERROR(writer.Execute(kPutRole, {user.id, workspace, RoleName(role)}).status());
    }
    MARU_RETURN_IF_ERROR(CheckAdminLeft(writer));
    return events_.Append(writer, caller, "user.role_set", Subject(name),
                          fmt::format(R"({{"workspace":{},"role":"{}"}})", json::Quote(workspace), RoleName(role)));
  });
}

// --- Tokens ---

Result<std::pair<std::string, Token>> Accounts::CreateToken(const Caller& caller, const NewToken& wanted) {
  Token token{.id = NewUuidHex().substr(0, 16),
              .user = wanted.user.empty() ? caller.principal : wanted.user,
              .name = wanted.name,
              .at_most = wanted.at_most,
              .created_ms = clock_->NowMs(),
              .expires_ms = wanted.expires_ms};
  MARU_RETURN_IF_ERROR(RequireAdminOr(caller, token.user));
  if (token.name.empty() || token.name.size() > 128) return InvalidArgument("a token needs a name of 1 to 128 bytes");
  if (token.at_most == Permission::kPublic) return InvalidArgument("a token without a role is of no use");
  if (token.expires_ms && *token.expires_ms <= token.created_ms) return InvalidArgument("the token would be expired");
  // A limited token must not make itself an unlimited one.
  if (token.user == caller.principal && token.at_most > caller.granted) {
    return PermissionDenied("a token cannot get a higher role than {} here", RoleName(caller.granted));
  }
  const std::string secret = std::string(kTokenPrefix) + NewSecret(kTokenBytes);
  const std::string hash = Sha256Hex(secret);
  MARU_RETURN_IF_ERROR(Change([&](sql::Writer& writer) -> Status {
    MARU_ASSIGN_OR_RETURN(const User user, ReadUser(writer, token.user));
    MARU_RETURN_IF_ERROR(writer
                             .Execute(kInsertToken, {token.id, user.id, token.name, hash, RoleName(token.at_most),
                                                     token.created_ms, token.expires_ms})
                             .status());
    return events_.Append(writer, caller, "token.created", fmt::format("token/{}", token.id),
                          fmt::format(R"({{"user":{}}})", json::Quote(token.user)));
  }));
  return std::pair(secret, token);
}

Result<std::vector<Token>> Accounts::ListTokens(const Caller& caller, std::string_view user) {
  if (user.empty()) user = caller.principal;
  MARU_RETURN_IF_ERROR(RequireAdminOr(caller, user));
  std::vector<Token> tokens;
  MARU_RETURN_IF_ERROR(database_.Read([&](sql::Reader& reader) {
    tokens.clear();
    return reader.Query(kTokensOf, {user}, [&](const sql::Row& row) -> Status {
      MARU_ASSIGN_OR_RETURN(const Permission role, ParseRole(row.Text(3)));
      tokens.push_back({row.String(0), row.String(1), row.String(2), role, row.Int(4), row.OptionalInt(5)});
      return OkStatus();
    });
  }));
  return tokens;
}

Status Accounts::RevokeToken(const Caller& caller, std::string_view id) {
  std::optional<std::string> owner;
  MARU_RETURN_IF_ERROR(database_.Read([&](sql::Reader& reader) -> Status {
    MARU_ASSIGN_OR_RETURN(owner, reader.QueryOne(kTokenOwner, {id}, [](const sql::Row& row) { return row.String(0); }));
    return OkStatus();
  }));
  // Whose it is stays unknown to those who may not revoke it.
  if (!owner || !RequireAdminOr(caller, *owner).ok()) return NotFound("there is no token {} of yours", id);
  return Change([&](sql::Writer& writer) -> Status {
    MARU_RETURN_IF_ERROR(writer.Execute(kDropToken, {id}).status());
    return events_.Append(writer, caller, "token.revoked", fmt::format("token/{}", id),
                          fmt::format(R"({{"user":{}}})", json::Quote(*owner)));
  });
}

// --- Memory of right proofs ---

std::string Accounts::MemoryKey(std::string_view kind, std::string_view a, std::string_view b) const {
  // Keyed, so that neither memory nor its timing tells anything about the proofs themselves.
  std::string text;
  text.append(kind).append(1, '\0').append(a).append(1, '\0').append(b);
  std::string key(32, '\0');
  crypto_generichash(reinterpret_cast<unsigned char*>(key.data()), key.size(),
                     reinterpret_cast<const unsigned char*>(text.data()), text.size(),
                     reinterpret_cast<const unsigned char*>(memory_secret_.data()), memory_secret_.size());
  return key;
}

std::optional<Identity> Accounts::Recall(const std::string& key) {
  std::lock_guard lock(mutex_);
  const auto found = remembered_.find(key);
  if (found == remembered_.end()) return std::nullopt;
  if (found->second.until_ms > clock_->NowMs()) return found->second.identity;
  remembered_.erase(found);
  return std::nullopt;
}

void Accounts::Remember(const std::string& key, const Identity& identity, std::int64_t until_ms,
                        std::uint64_t generation) {
  std::lock_guard lock(mutex_);
  if (generation != generation_) return;
  if (remembered_.size() >= kRememberedMax) remembered_.clear();
  remembered_.insert_or_assign(key, Remembered{identity, until_ms});
}

}  // namespace maru::auth
