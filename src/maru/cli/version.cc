// `maru version`.
#include "maru/server/version.h"

#include <cstdio>

#include "maru/cli/command.h"

namespace maru::cli {

void AddVersion(CLI::App& app) {
  app.add_subcommand("version", "Print the version")->callback([] {
    std::printf("maru %s (speaks MLflow %s)\n", server::kVersion, server::kMlflowVersion);
  });
}

}  // namespace maru::cli
