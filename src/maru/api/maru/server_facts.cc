// What the server is and who is asking.
#include "maru/api/maru/mount.h"
#include "maru/api/maru/operation.h"

namespace maru::api::own {
namespace {

struct Server {
  std::string version;
  std::string mlflow_version;
  bool auth = false;
  std::string principal;
  std::string permission;  // view, edit or admin
  std::string workspace;
  std::vector<std::string> parts;
};
BOOST_DESCRIBE_STRUCT(Server, (), (version, mlflow_version, auth, principal, permission, workspace, parts))

std::string Name(Permission permission) {
  switch (permission) {
    case Permission::kPublic:
      return "public";
    case Permission::kView:
      return "view";
    case Permission::kEdit:
      return "edit";
    case Permission::kAdmin:
      return "admin";
  }
  return "";
}

Result<Server> GetServer(const ServerFacts& facts, const Caller& caller, Done) {
  return Server{facts.version,        facts.mlflow_version, facts.auth, caller.principal,
                Name(caller.granted), caller.workspace,     facts.parts};
}

constexpr Row<const ServerFacts> kRows[] = {
    {Verb::kGet, "/server", Permission::kView, "What this server is, and who is asking", Does<GetServer>},
};

}  // namespace

void MountServerFacts(http::Router& router, Catalog& catalog, const ServerFacts& facts) {
  Mount(router, catalog, facts, "server", kRows);
}

}  // namespace maru::api::own
