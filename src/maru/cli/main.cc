// The `maru` program: the server and the commands that talk to one.
#include "maru/cli/command.h"

int main(int argc, char** argv) {
  CLI::App app{"maru: one server for the whole life of a machine-learning model"};
  app.require_subcommand(1);
  app.set_help_all_flag("--help-all", "Print the help of every command");
  maru::cli::AddUp(app);
  maru::cli::AddDemo(app);
  maru::cli::AddDeploy(app);
  maru::cli::AddImport(app);
  maru::cli::AddGc(app);
  maru::cli::AddRoutes(app);
  maru::cli::AddConfig(app);
  maru::cli::AddVersion(app);
  CLI11_PARSE(app, argc, argv);
}
