// `maru routes`: every route of every wire, with the role that it needs.
#include <cstdio>
#include <cstdlib>
#include <filesystem>

#include "maru/cli/command.h"
#include "maru/cli/settings.h"
#include "maru/json/json.h"
#include "maru/server/server.h"

namespace maru::cli {
namespace {

struct RouteRow {
  std::string verb, path, permission, kind;
};
BOOST_DESCRIBE_STRUCT(RouteRow, (), (verb, path, permission, kind))

const char* PermissionName(Permission permission) {
  switch (permission) {
    case Permission::kPublic:
      return "public";
    case Permission::kView:
      return "viewer";
    case Permission::kEdit:
      return "editor";
    case Permission::kAdmin:
      return "admin";
  }
  return "";
}

void PrintRoutes(bool as_json) {
  // Composed in a folder of its own, so that it works beside a running server.
  std::string folder = (std::filesystem::temp_directory_path() / "maru-routes-XXXXXX").string();
  if (!mkdtemp(folder.data())) Fail(Unavailable("cannot make a temporary folder in {}", folder));
  std::vector<RouteRow> rows;
  Status status;
  {
    config::Config config;
    config.data = folder;
    config.database = "sqlite:" + folder + "/maru.db";
    config.artifact_root = folder + "/artifacts";
    config.auth = true;  // its routes too
    const auto server = server::Server::Compose(config);
    status = server.status();
    if (server.ok()) {
      constexpr const char* kKinds[] = {"plain", "async", "upload"};
      for (const auto& route : (*server)->router().routes()) {
        rows.push_back({std::string(http::VerbName(route->verb)), route->path, PermissionName(route->permission),
                        kKinds[route->handler.index()]});
      }
    }
  }
  std::error_code ignored;
  std::filesystem::remove_all(folder, ignored);
  if (!status.ok()) Fail(status);
  if (as_json) {
    std::puts(json::Encode(rows).c_str());
    return;
  }
  for (const RouteRow& row : rows) {
    std::printf("%-7s %-8s %s\n", row.verb.c_str(), row.permission.c_str(), row.path.c_str());
  }
}

}  // namespace

void AddRoutes(CLI::App& app) {
  CLI::App* command = app.add_subcommand("routes", "List every route of every wire, and the role that it needs");
  auto as_json = std::make_shared<bool>(false);
  command->add_flag("--json", *as_json, "For programs");
  command->callback([as_json] { PrintRoutes(*as_json); });
}

}  // namespace maru::cli
