// The settings of `maru up` as flags of a command, from the table in config/.
#pragma once

#include <CLI/CLI.hpp>

#include <map>
#include <memory>
#include <string>

#include "maru/config/config.h"

namespace maru::cli {

class Settings {
 public:
  // Adds a flag per setting, and --config FILE. The returned object must live until the command's callback has run.
  static std::shared_ptr<Settings> AddTo(CLI::App& command);
  Result<config::Config> Load() const;

 private:
  std::map<std::string, std::string> text_;
  std::map<std::string, bool> switches_;
  std::map<std::string, CLI::Option*> options_;
  std::string yaml_file_;
};

// Prints "maru: MESSAGE" to stderr and ends the command with status 1.
[[noreturn]] void Fail(const Status& status);

}  // namespace maru::cli
