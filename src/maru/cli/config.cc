// `maru config`: the settings as this command would use them, or the reference page.
#include "maru/config/config.h"

#include <cstdio>

#include "maru/cli/command.h"
#include "maru/cli/settings.h"

namespace maru::cli {
namespace {

void PrintConfig(const Settings& settings) {
  const auto loaded = settings.Load();
  if (!loaded.ok()) Fail(loaded.status());
  for (const config::Option& option : config::Options()) {
    std::string name = option.flag;
    for (char& c : name) c = c == '-' ? '_' : c;
    const std::string value = std::visit(
        [&](auto member) -> std::string {
          using Member = std::remove_cvref_t<decltype((*loaded).*member)>;
          if constexpr (std::is_same_v<Member, std::string>)
            return (*loaded).*member;
          else if constexpr (std::is_same_v<Member, bool>)
            return (*loaded).*member ? "true" : "false";
          else
            return std::to_string((*loaded).*member);
        },
        option.member);
    std::printf("%s: %s\n", name.c_str(), value.empty() ? "\"\"" : value.c_str());
  }
}

}  // namespace

void AddConfig(CLI::App& app) {
  CLI::App* command =
      app.add_subcommand("config", "Print the settings that these flags, variables and file give, as YAML");
  auto settings = Settings::AddTo(*command);
  auto reference = std::make_shared<bool>(false);
  command->add_flag("--reference", *reference, "Print the reference page instead");
  command->callback([settings, reference] {
    if (*reference)
      std::fputs(config::Reference().c_str(), stdout);
    else
      PrintConfig(*settings);
  });
}

}  // namespace maru::cli
