#include "maru/cli/settings.h"

#include <cstdio>
#include <cstdlib>

namespace maru::cli {

std::shared_ptr<Settings> Settings::AddTo(CLI::App& command) {
  auto settings = std::make_shared<Settings>();
  for (const config::Option& option : config::Options()) {
    const std::string flag = std::string("--") + option.flag;
    if (std::holds_alternative<bool config::Config::*>(option.member)) {
      settings->options_[option.flag] = command.add_flag(flag, settings->switches_[option.flag], option.help);
    } else {
      settings->options_[option.flag] =
          command.add_option(flag, settings->text_[option.flag], option.help)->type_name(option.placeholder);
    }
  }
  command.add_option("--config", settings->yaml_file_, "YAML file with any of these settings")->type_name("FILE");
  return settings;
}

Result<config::Config> Settings::Load() const {
  std::map<std::string, std::string> given;
  for (const auto& [flag, option] : options_) {
    if (option->count() == 0) continue;
    const auto text = text_.find(flag);
    given[flag] = text != text_.end() ? text->second : switches_.at(flag) ? "true" : "false";
  }
  return config::Load(given, [](const char* name) -> const char* { return std::getenv(name); }, yaml_file_);
}

void Fail(const Status& status) {
  std::fprintf(stderr, "maru: %s\n", std::string(status.message()).c_str());
  throw CLI::RuntimeError(1);
}

}  // namespace maru::cli
