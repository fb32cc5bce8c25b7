// One command of the `maru` program. Each lives in its own file and is a row in main.cc.
#pragma once

#include <CLI/CLI.hpp>

namespace maru::cli {

// Each adds its subcommand, flags and callback to `app`. A callback reports failure by throwing CLI::RuntimeError with
// the exit status, after it has printed why; CLI11 knows no other way.
void AddUp(CLI::App& app);
void AddVersion(CLI::App& app);
void AddRoutes(CLI::App& app);
void AddConfig(CLI::App& app);
void AddDemo(CLI::App& app);
void AddDeploy(CLI::App& app);
void AddGc(CLI::App& app);
void AddImport(CLI::App& app);

}  // namespace maru::cli
