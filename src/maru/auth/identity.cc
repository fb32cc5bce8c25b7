#include "maru/auth/identity.h"

namespace maru::auth {

std::string_view RoleName(Permission role) {
  switch (role) {
    case Permission::kView:
      return "viewer";
    case Permission::kEdit:
      return "editor";
    case Permission::kAdmin:
      return "admin";
    case Permission::kPublic:
      break;
  }
  return "none";
}

Result<Permission> ParseRole(std::string_view name) {
  for (const Permission role : {Permission::kPublic, Permission::kView, Permission::kEdit, Permission::kAdmin}) {
    if (RoleName(role) == name) return role;
  }
  return InvalidArgument("role \"{}\": expected viewer, editor, admin or none", name);
}

}  // namespace maru::auth
