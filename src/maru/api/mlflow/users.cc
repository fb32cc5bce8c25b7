#include "maru/api/mlflow/users.h"

#include "maru/api/mlflow/rpc.h"

namespace maru::api::mlflow {
namespace {

using auth::Accounts;
using auth::Roles;

struct UserShape {
  std::int64_t id = 0;
  std::string username;
  bool is_admin = false;
};
BOOST_DESCRIBE_STRUCT(UserShape, (), (id, username, is_admin))

struct UserResponse {
  UserShape user;
};
BOOST_DESCRIBE_STRUCT(UserResponse, (), (user))

struct UsersResponse {
  std::vector<UserShape> users;
};
BOOST_DESCRIBE_STRUCT(UsersResponse, (), (users))

struct UserName {
  std::string username;
};
BOOST_DESCRIBE_STRUCT(UserName, (), (username))

struct CreateUserRequest {
  std::string username;
  std::string password;
};
BOOST_DESCRIBE_STRUCT(CreateUserRequest, (), (username, password))

struct UpdatePasswordRequest {
  std::string username;
  std::string password;
  std::string current_password;
};
BOOST_DESCRIBE_STRUCT(UpdatePasswordRequest, (), (username, password, current_password))

struct UpdateAdminRequest {
  std::string username;
  bool is_admin = false;
};
BOOST_DESCRIBE_STRUCT(UpdateAdminRequest, (), (username, is_admin))

bool IsAdmin(const Roles& roles) {
  const auto role = roles.find(auth::kEveryWorkspace);
  return role != roles.end() && role->second == Permission::kAdmin;
}

UserShape Shape(const auth::User& user) {
  // MLflow's ids are 32 bits wide in its own database and never negative; ours fit until then.
  return {user.id, user.name, IsAdmin(user.roles)};
}

Result<UserResponse> CreateUser(Accounts& accounts, const Caller& caller, CreateUserRequest in) {
  // MLflow's new users may read what is there; so may these, in the workspace that they were made in.
  MARU_ASSIGN_OR_RETURN(const auth::User user,
                        accounts.CreateUser(caller, in.username, in.password, {{caller.workspace, Permission::kView}}));
  return UserResponse{Shape(user)};
}

Result<UserResponse> GetUser(Accounts& accounts, const Caller& caller, UserName in) {
  MARU_ASSIGN_OR_RETURN(const auth::User user, accounts.GetUser(caller, in.username));
  return UserResponse{Shape(user)};
}

Result<UserResponse> CurrentUser(Accounts& accounts, const Caller& caller, Empty) {
  MARU_ASSIGN_OR_RETURN(const auth::User user, accounts.GetUser(caller, caller.principal));
  return UserResponse{Shape(user)};
}

Result<UsersResponse> ListUsers(Accounts& accounts, const Caller& caller, Empty) {
  MARU_ASSIGN_OR_RETURN(const std::vector<auth::User> users, accounts.ListUsers(caller));
  UsersResponse response;
  for (const auth::User& user : users) response.users.push_back(Shape(user));
  return response;
}

Result<Empty> UpdatePassword(Accounts& accounts, const Caller& caller, UpdatePasswordRequest in) {
  MARU_RETURN_IF_ERROR(accounts.SetPassword(caller, in.username, in.password, in.current_password));
  return Empty{};
}

Result<Empty> UpdateAdmin(Accounts& accounts, const Caller& caller, UpdateAdminRequest in) {
  MARU_RETURN_IF_ERROR(accounts.SetRole(caller, in.username, auth::kEveryWorkspace,
                                        in.is_admin ? Permission::kAdmin : Permission::kPublic));
  return Empty{};
}

Result<Empty> DeleteUser(Accounts& accounts, const Caller& caller, UserName in) {
  MARU_RETURN_IF_ERROR(accounts.DeleteUser(caller, in.username));
  return Empty{};
}

constexpr Rpc<Accounts> kUsers[] = {
    {Verb::kPost, "2.0/mlflow/users/create", Permission::kAdmin, Call<CreateUser>},
    {Verb::kGet, "2.0/mlflow/users/get", Permission::kView, Call<GetUser>},
    {Verb::kGet, "2.0/mlflow/users/current", Permission::kView, Call<CurrentUser>},
    {Verb::kGet, "2.0/mlflow/users/list", Permission::kAdmin, Call<ListUsers>},
    {Verb::kPatch, "2.0/mlflow/users/update-password", Permission::kView, Call<UpdatePassword>},
    {Verb::kPatch, "2.0/mlflow/users/update-admin", Permission::kAdmin, Call<UpdateAdmin>},
    {Verb::kDelete, "2.0/mlflow/users/delete", Permission::kAdmin, Call<DeleteUser>},
};

}  // namespace

void MountUsers(http::Router& router, Accounts& accounts) {
  Mount(router, accounts, kUsers);
}

}  // namespace maru::api::mlflow
