// Who is asking: plain data that travels from the wire to the domain with every call.
#pragma once

#include <string>

namespace maru {

// What a route asks for, and what a role grants. Ordered: each includes the ones before it.
enum class Permission {
  kPublic,  // no credentials needed: health, version, log-in
  kView,
  kEdit,
  kAdmin,
};

struct Caller {
  std::string principal = "anonymous";  // user or token owner; recorded in events
  std::string workspace = "default";
  Permission granted = Permission::kAdmin;  // without --auth everyone who reaches the loopback port may do everything
};

}  // namespace maru
