// Who somebody is and what they may do where: what every way of proving it (password, token, cookie) ends in.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "maru/base/caller.h"
#include "maru/base/status.h"

namespace maru::auth {

// A role in this "workspace" counts in all of them; admins of all are the server's admins.
inline constexpr char kEveryWorkspace[] = "*";

// By workspace; only kView, kEdit and kAdmin.
using Roles = std::map<std::string, Permission, std::less<>>;

struct Identity {
  std::string user;
  Roles roles;
  Permission at_most = Permission::kAdmin;  // a token may do less than its owner

  // kPublic: no role there.
  Permission In(std::string_view workspace) const {
    Permission best = Permission::kPublic;
    for (const std::string_view place : {std::string_view(kEveryWorkspace), workspace}) {
      if (const auto role = roles.find(place); role != roles.end()) best = std::max(best, role->second);
    }
    return std::min(best, at_most);
  }
};

// "viewer", "editor", "admin"; "none" for kPublic.
std::string_view RoleName(Permission role);
Result<Permission> ParseRole(std::string_view name);

}  // namespace maru::auth
