#include "maru/api/maru/accounts.h"

#include <map>

#include "maru/api/maru/operation.h"

namespace maru::api::own {
namespace {

using auth::Roles;
using RoleNames = std::map<std::string, std::string>;  // by workspace; "*" is all of them

constexpr std::string_view kOwnHeader = "X-Maru-Request";

struct LogInRequest {
  std::string username;
  std::string password;
  std::string new_password;  // replaces the password; a one-time password needs it
};
BOOST_DESCRIBE_STRUCT(LogInRequest, (), (username, password, new_password))

struct Me {
  std::string user;
  RoleNames roles;
};
BOOST_DESCRIBE_STRUCT(Me, (), (user, roles))

struct UserShape {
  std::string name;
  RoleNames roles;
  std::int64_t created_ms = 0;
  bool must_change_password = false;
};
BOOST_DESCRIBE_STRUCT(UserShape, (), (name, roles, created_ms, must_change_password))

struct UserList {
  std::vector<UserShape> users;
};
BOOST_DESCRIBE_STRUCT(UserList, (), (users))

struct NewUser {
  std::string name;
  std::string password;
  RoleNames roles;
};
BOOST_DESCRIBE_STRUCT(NewUser, (), (name, password, roles))

struct UserId {
  std::string user;
};
BOOST_DESCRIBE_STRUCT(UserId, (), (user))

struct NewPassword {
  std::string user;
  std::string password;
  std::string current_password;  // one's own; admins need none for others
};
BOOST_DESCRIBE_STRUCT(NewPassword, (), (user, password, current_password))

struct NewRole {
  std::string user;
  std::string workspace;
  std::string role;  // viewer, editor, admin or none
};
BOOST_DESCRIBE_STRUCT(NewRole, (), (user, workspace, role))

struct TokenShape {
  std::string id;
  std::string user;
  std::string name;
  std::string role;  // at most
  std::int64_t created_ms = 0;
  std::optional<std::int64_t> expires_ms;
  std::optional<std::string> secret;  // only when it is made
};
BOOST_DESCRIBE_STRUCT(TokenShape, (), (id, user, name, role, created_ms, expires_ms, secret))

struct TokenList {
  std::vector<TokenShape> tokens;
};
BOOST_DESCRIBE_STRUCT(TokenList, (), (tokens))

struct NewTokenRequest {
  std::string user;  // empty: one's own
  std::string name;
  std::string role = "admin";  // at most; the user's own roles still count
  std::optional<std::int64_t> expires_ms;
};
BOOST_DESCRIBE_STRUCT(NewTokenRequest, (), (user, name, role, expires_ms))

struct TokenId {
  std::string token;
};
BOOST_DESCRIBE_STRUCT(TokenId, (), (token))

struct Nothing {};
BOOST_DESCRIBE_STRUCT(Nothing, (), ())

RoleNames Names(const Roles& roles) {
  RoleNames names;
  for (const auto& [workspace, role] : roles) names[workspace] = auth::RoleName(role);
  return names;
}

UserShape Shape(const auth::User& user) {
  return {user.name, Names(user.roles), user.created_ms, user.must_change_password};
}

TokenShape Shape(const auth::Token& token) {
  return {token.id,         token.user,       token.name,  std::string(auth::RoleName(token.at_most)),
          token.created_ms, token.expires_ms, std::nullopt};
}

http::Reply MeReply(const auth::Identity& identity) {
  http::Reply reply = http::Reply::Json(json::Encode(Me{identity.user, Names(identity.roles)}));
  reply.headers.Add("Cache-Control", "no-store");
  return reply;
}

Result<http::Reply> LogIn(AccountsAccess& access, const http::Request& request, LogInRequest in) {
  // Without these, another site's form could log somebody in as its own author.
  MARU_RETURN_IF_ERROR(auth::CheckSameOrigin(request));
  if (!request.headers.Has(kOwnHeader)) return PermissionDenied("logging in needs the header {}: 1", kOwnHeader);
  MARU_ASSIGN_OR_RETURN(const auth::Session session,
                        access.accounts.LogIn(in.username, in.password, in.new_password, auth::PeerAddress(request)));
  http::Reply reply = MeReply(session.identity);
  const std::int64_t seconds = (session.expires_ms - Clock::System()->NowMs()) / 1000;
  reply.headers.Add("Set-Cookie", auth::SetSessionCookie(session.cookie, request.secure, seconds));
  return reply;
}

Result<http::Reply> LogOut(AccountsAccess& access, const http::Request& request, Nothing) {
  MARU_RETURN_IF_ERROR(auth::CheckSameOrigin(request));
  if (!request.headers.Has(kOwnHeader)) return PermissionDenied("logging out needs the header {}: 1", kOwnHeader);
  MARU_RETURN_IF_ERROR(access.accounts.LogOut(auth::SessionCookie(request)));
  http::Reply reply = http::Reply::Json("{}");
  reply.headers.Add("Set-Cookie", auth::SetSessionCookie("", request.secure, 0));
  return reply;
}

Result<http::Reply> WhoAmI(AccountsAccess& access, const http::Request& request, Nothing) {
  MARU_ASSIGN_OR_RETURN(const auth::Identity identity, access.gate.Identify(request));
  return MeReply(identity);
}

Result<UserList> ListUsers(AccountsAccess& access, const Caller& caller, Nothing) {
  MARU_ASSIGN_OR_RETURN(const std::vector<auth::User> users, access.accounts.ListUsers(caller));
  UserList list;
  for (const auth::User& user : users) list.users.push_back(Shape(user));
  return list;
}

Result<UserShape> CreateUser(AccountsAccess& access, const Caller& caller, NewUser in) {
  Roles roles;
  for (const auto& [workspace, name] : in.roles) {
    MARU_ASSIGN_OR_RETURN(const Permission role, auth::ParseRole(name));
    if (role != Permission::kPublic) roles[workspace] = role;
  }
  MARU_ASSIGN_OR_RETURN(const auth::User user, access.accounts.CreateUser(caller, in.name, in.password, roles));
  return Shape(user);
}

Result<UserShape> GetUser(AccountsAccess& access, const Caller& caller, UserId in) {
  MARU_ASSIGN_OR_RETURN(const auth::User user, access.accounts.GetUser(caller, in.user));
  return Shape(user);
}

Result<Done> DeleteUser(AccountsAccess& access, const Caller& caller, UserId in) {
  MARU_RETURN_IF_ERROR(access.accounts.DeleteUser(caller, in.user));
  return Done{};
}

Result<Done> SetPassword(AccountsAccess& access, const Caller& caller, NewPassword in) {
  MARU_RETURN_IF_ERROR(access.accounts.SetPassword(caller, in.user, in.password, in.current_password));
  return Done{};
}

Result<Done> SetRole(AccountsAccess& access, const Caller& caller, NewRole in) {
  MARU_ASSIGN_OR_RETURN(const Permission role, auth::ParseRole(in.role));
  MARU_RETURN_IF_ERROR(access.accounts.SetRole(caller, in.user, in.workspace, role));
  return Done{};
}

Result<TokenList> ListTokens(AccountsAccess& access, const Caller& caller, UserId in) {
  MARU_ASSIGN_OR_RETURN(const std::vector<auth::Token> tokens, access.accounts.ListTokens(caller, in.user));
  TokenList list;
  for (const auth::Token& token : tokens) list.tokens.push_back(Shape(token));
  return list;
}

Result<TokenShape> CreateToken(AccountsAccess& access, const Caller& caller, NewTokenRequest in) {
  MARU_ASSIGN_OR_RETURN(const Permission at_most, auth::ParseRole(in.role));
  MARU_ASSIGN_OR_RETURN(auto made, access.accounts.CreateToken(caller, {in.user, in.name, at_most, in.expires_ms}));
  TokenShape shape = Shape(made.second);
  shape.secret = std::move(made.first);
  return shape;
}

Result<Done> RevokeToken(AccountsAccess& access, const Caller& caller, TokenId in) {
  MARU_RETURN_IF_ERROR(access.accounts.RevokeToken(caller, in.token));
  return Done{};
}

constexpr Row<AccountsAccess> kRows[] = {
    {Verb::kPost, "/session", Permission::kPublic, "Log in; the answer sets the page's cookie", Does<LogIn>},
    {Verb::kDelete, "/session", Permission::kPublic, "Log out", Does<LogOut>},
    {Verb::kGet, "/session", Permission::kPublic, "Who is asking", Does<WhoAmI>},
    {Verb::kGet, "/users", Permission::kAdmin, "Every user, with their roles", Does<ListUsers>},
    {Verb::kPost, "/users", Permission::kAdmin, "Make a user", Does<CreateUser>},
    {Verb::kGet, "/users/{user}", Permission::kView, "One user; admins, or oneself", Does<GetUser>},
    {Verb::kDelete, "/users/{user}", Permission::kAdmin, "Delete a user with all tokens", Does<DeleteUser>},
    {Verb::kPut, "/users/{user}/password", Permission::kView, "Change a password; admins, or one's own",
     Does<SetPassword>},
    {Verb::kPut, "/users/{user}/roles/{workspace}", Permission::kAdmin,
     "Give a role in a workspace, or in all with *; none takes it away", Does<SetRole>},
    {Verb::kGet, "/tokens", Permission::kView, "API tokens of a user, by default one's own", Does<ListTokens>},
    {Verb::kPost, "/tokens", Permission::kView, "Make an API token; its secret is shown this once", Does<CreateToken>},
    {Verb::kDelete, "/tokens/{token}", Permission::kView, "Revoke a token", Does<RevokeToken>},
};

}  // namespace

void MountAccounts(http::Router& router, Catalog& catalog, AccountsAccess& access) {
  Mount(router, catalog, access, "accounts", kRows);
}

}  // namespace maru::api::own
