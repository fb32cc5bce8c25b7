// `maru demo`: the main job on real data, with the real Python clients; see demo/ for what it does.
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include "maru/cli/command.h"
#include "maru/cli/settings.h"

namespace maru::cli {
namespace {

namespace fs = std::filesystem;

// Beside an installed program, or in the checkout that it was built in.
fs::path FirstThatExists(const fs::path& folder, std::initializer_list<const char*> candidates) {
  for (const char* candidate : candidates) {
    const fs::path path = (folder / candidate).lexically_normal();
    if (fs::exists(path)) return path;
  }
  return {};
}

void RunDemo(std::vector<std::string> arguments) {
  std::error_code error;
  const fs::path program = fs::read_symlink("/proc/self/exe", error);
  const fs::path folder = program.parent_path();
  const fs::path script = FirstThatExists(folder, {"../share/maru/demo/demo.py", "../../demo/demo.py"});
  if (script.empty()) Fail(NotFound("the demo's script is not beside {}; it comes with a checkout", program.string()));
  fs::path python = FirstThatExists(folder, {"../../.venv/bin/python"});
  if (python.empty()) python = "python3";

  arguments.insert(arguments.begin(), {python.string(), script.string(), "--maru", program.string()});
  std::vector<char*> argv;
  for (std::string& argument : arguments) argv.push_back(argument.data());
  argv.push_back(nullptr);
  execvp(argv[0], argv.data());
  Fail(Unavailable("cannot run {}", python.string()));
}

}  // namespace

void AddDemo(CLI::App& app) {
  CLI::App* command = app.add_subcommand(
      "demo", "Train, track, register, deploy and query a real model (--data DIR, --port N, --exit)");
  command->prefix_command();  // what follows is the script's
  command->callback([command] { RunDemo(command->remaining()); });
}

}  // namespace maru::cli
