// `maru gc`: removes for good what is deleted and not needed any more, while the server is not running.
#include <cstdio>

#include "maru/base/clock.h"
#include "maru/cli/command.h"
#include "maru/cli/settings.h"
#include "maru/json/json.h"
#include "maru/server/collect_garbage.h"

namespace maru::cli {
namespace {

struct Choice {
  bool dry_run = false, as_json = false;
  double older_than_days = 0;
};

struct Line {
  std::string kind, id, workspace, needed_by;
};
BOOST_DESCRIBE_STRUCT(Line, (), (kind, id, workspace, needed_by))
struct Report {
  bool dry_run = false;
  std::vector<Line> removed, kept;
  std::int64_t artifacts = 0;
};
BOOST_DESCRIBE_STRUCT(Report, (), (dry_run, removed, kept, artifacts))

std::vector<Line> Lines(const std::vector<tracking::GarbageItem>& items) {
  constexpr const char* kKinds[] = {"logged model", "run", "experiment"};
  std::vector<Line> lines;
  for (const auto& item : items)
    lines.push_back({kKinds[static_cast<int>(item.kind)], item.id, item.workspace, item.needed_by});
  return lines;
}

void RunGc(const Settings& settings, const Choice& choice) {
  const auto config = settings.Load();
  if (!config.ok()) Fail(config.status());
  const auto before_ms = Clock::System()->NowMs() - static_cast<std::int64_t>(choice.older_than_days * 86'400'000);
  const auto collected = server::CollectGarbage(*config, before_ms + 1, choice.dry_run);
  if (!collected.ok()) Fail(collected.status());
  const Report report{choice.dry_run, Lines(collected->garbage.removable), Lines(collected->garbage.kept),
                      collected->artifacts};
  if (choice.as_json) {
    std::puts(json::Encode(report).c_str());
    return;
  }
  const char* verb = choice.dry_run ? "would remove" : "removed";
  for (const Line& line : report.removed) std::printf("%-12s %-13s %s\n", verb, line.kind.c_str(), line.id.c_str());
  for (const Line& line : report.kept) {
    std::printf("%-12s %-13s %s: needed by %s\n", "kept", line.kind.c_str(), line.id.c_str(), line.needed_by.c_str());
  }
  std::printf("%s %zu, with %ld artifacts; kept %zu\n", verb, report.removed.size(),
              static_cast<long>(report.artifacts), report.kept.size());
}

}  // namespace

void AddGc(CLI::App& app) {
  CLI::App* command = app.add_subcommand("gc", "Remove deleted runs, experiments and logged models for good");
  auto choice = std::make_shared<Choice>();
  command->add_flag("--dry-run", choice->dry_run, "Only say what would be removed");
  command->add_flag("--json", choice->as_json, "For programs");
  command->add_option("--older-than", choice->older_than_days, "Only what was deleted that many days ago")
      ->option_text("DAYS")
      ->check(CLI::NonNegativeNumber);
  command->callback([choice, settings = Settings::AddTo(*command)] { RunGc(*settings, *choice); });
}

}  // namespace maru::cli
