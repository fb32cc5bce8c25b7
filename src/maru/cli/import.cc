// `maru import mlflow SOURCE`: brings an existing MLflow into this server's data, while the server is not running.
#include <cstdio>

#include "maru/cli/command.h"
#include "maru/cli/settings.h"
#include "maru/importer/import_mlflow.h"
#include "maru/json/json.h"
#include "maru/server/import_target.h"
#include "maru/server/offline_data.h"

namespace maru::importer {
BOOST_DESCRIBE_STRUCT(Count, (), (added, already_there))
BOOST_DESCRIBE_STRUCT(ImportSummary, (),
                      (experiments, runs, logged_models, registered_models, model_versions, artifacts, metric_points,
                       artifact_bytes, unreachable_roots))
}  // namespace maru::importer

namespace maru::cli {
namespace {

struct Choice {
  std::string source, artifacts;
  bool as_json = false;
};

void Print(const importer::ImportSummary& s) {
  const auto line = [](const char* noun, const importer::Count& count) {
    std::printf("%-18s %8ld imported %8ld already there\n", noun, static_cast<long>(count.added),
                static_cast<long>(count.already_there));
  };
  line("experiments", s.experiments);
  line("runs", s.runs);
  line("logged models", s.logged_models);
  line("registered models", s.registered_models);
  line("model versions", s.model_versions);
  line("artifacts", s.artifacts);
  std::printf("%ld metric points, %.1f MB of artifacts\n", static_cast<long>(s.metric_points),
              static_cast<double>(s.artifact_bytes) / 1e6);
  if (s.unreachable_roots > 0) {
    std::printf(
        "%ld artifact roots could not be read from here and keep their old address; --artifacts names where an "
        "MLflow server kept them\n",
        static_cast<long>(s.unreachable_roots));
  }
}

void RunImport(const Settings& settings, const Choice& choice) {
  const auto config = settings.Load();
  if (!config.ok()) Fail(config.status());
  const auto source = importer::OpenMlflow(choice.source, choice.artifacts);
  if (!source.ok()) Fail(source.status());
  const auto data = server::OpenOfflineData(*config);
  if (!data.ok()) Fail(data.status());
  server::ImportTarget target(*data->database, *data->events);
  std::int64_t told = 0;
  const auto progress = [&](const importer::ImportSummary& s, const std::string& now) {
    const std::int64_t done = s.runs.added + s.runs.already_there;
    if (choice.as_json || (done == told && now.starts_with("run")) || (done % 100 != 0 && now.starts_with("run")))
      return;
    told = done;
    std::fprintf(stderr, "%ld runs, %ld metric points, %ld artifacts; %s\n", static_cast<long>(done),
                 static_cast<long>(s.metric_points), static_cast<long>(s.artifacts.added), now.c_str());
  };
  const auto summary = importer::ImportMlflow(**source, target, *data->store, progress);
  if (!summary.ok()) Fail(summary.status());
  if (choice.as_json)
    std::puts(json::Encode(*summary).c_str());
  else
    Print(*summary);
}

}  // namespace

void AddImport(CLI::App& app) {
  CLI::App* import = app.add_subcommand("import", "Bring in what another product holds");
  import->require_subcommand(1);
  CLI::App* command = import->add_subcommand(
      "mlflow", "Import an MLflow: sqlite:FILE, postgresql://…, or the http address of a running server");
  auto choice = std::make_shared<Choice>();
  command->add_option("source", choice->source, "The MLflow to read; it is not changed")->required();
  command->add_option("--artifacts", choice->artifacts,
                      "Where the MLflow server kept its artifacts, a folder or s3://bucket/prefix");
  command->add_flag("--json", choice->as_json, "Print the summary for programs");
  command->callback([choice, settings = Settings::AddTo(*command)] { RunImport(*settings, *choice); });
}

}  // namespace maru::cli
