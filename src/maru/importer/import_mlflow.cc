#include "maru/importer/import_mlflow.h"

#include <map>

namespace maru::importer {
namespace {

constexpr std::string_view kProxied = "mlflow-artifacts:/";

// The part of the store that a workspace's artifacts lie in.
std::string KeyRoot(const std::string& workspace, const std::string& path) {
  return workspace == "default" ? path : "workspaces/" + workspace + "/" + path;
}

class Import {
 public:
  Import(MlflowSource& source, ImportTarget& target, object_store::ObjectStore& store, const Progress& progress)
      : source_(source), target_(target), store_(store), progress_(progress) {}

  Result<ImportSummary> Run() {
    MARU_ASSIGN_OR_RETURN(const std::vector<Experiment> experiments, source_.Experiments());
    for (Experiment experiment : experiments) MARU_RETURN_IF_ERROR(ImportExperiment(std::move(experiment)));
    MARU_ASSIGN_OR_RETURN(const std::vector<RegisteredModel> models, source_.RegisteredModels());
    for (RegisteredModel model : models) MARU_RETURN_IF_ERROR(ImportRegisteredModel(std::move(model)));
    return summary_;
  }

 private:
  Status ImportExperiment(Experiment experiment) {
    Tell("experiment " + experiment.name);
    const Experiment original = experiment;
    // A folder of the old machine means nothing here; new runs go through this server.
    if (IsLocal(experiment.artifact_location)) experiment.artifact_location.clear();
    MARU_ASSIGN_OR_RETURN(const ImportTarget::Placed placed, target_.PutExperiment(experiment));
    Add(summary_.experiments, placed.is_new);

    MARU_ASSIGN_OR_RETURN(std::vector<LoggedModel> models, source_.LoggedModels(original));
    for (LoggedModel& model : models) {
      const std::string fallback = fmt::format("{}/models/{}/artifacts", placed.id, model.model_id);
      MARU_ASSIGN_OR_RETURN(model.artifact_uri, CopyRoot(original.workspace, model.artifact_uri, fallback));
      model.experiment_id = placed.id;
      MARU_ASSIGN_OR_RETURN(const bool is_new, target_.PutLoggedModel(original.workspace, model));
      Add(summary_.logged_models, is_new);
    }
    MARU_ASSIGN_OR_RETURN(const std::vector<std::string> run_ids, source_.RunIds(original));
    for (const std::string& run_id : run_ids) MARU_RETURN_IF_ERROR(ImportRun(original, placed.id, run_id));
    return OkStatus();
  }

  Status ImportRun(const Experiment& experiment, std::int64_t experiment_id, const std::string& run_id) {
    MARU_ASSIGN_OR_RETURN(importer::Run run, source_.ReadRun(experiment, run_id));
    run.experiment_id = experiment_id;
    const std::string fallback = fmt::format("{}/{}/artifacts", experiment_id, run_id);
    MARU_ASSIGN_OR_RETURN(run.artifact_uri, CopyRoot(experiment.workspace, run.artifact_uri, fallback));
    MARU_ASSIGN_OR_RETURN(const bool is_new, target_.PutRun(experiment.workspace, run));
    Add(summary_.runs, is_new);
    if (is_new) {
      for (const MetricSeries& series : run.metrics) {
        summary_.metric_points += static_cast<std::int64_t>(series.points.size());
      }
    }
    Tell("run " + run_id);
    return OkStatus();
  }

  Status ImportRegisteredModel(RegisteredModel model) {
    Tell("model " + model.name);
    for (ModelVersion& version : model.versions) {
      version.source = Moved(version.source);
      version.storage_location = Moved(version.storage_location);
    }
    MARU_ASSIGN_OR_RETURN(const int added, target_.PutRegisteredModel(model));
    const auto count = static_cast<std::int64_t>(model.versions.size());
    summary_.model_versions.added += added;
    summary_.model_versions.already_there += count - added;
    Add(summary_.registered_models, added > 0 || (count == 0 && added == 0));
    return OkStatus();
  }

  static bool IsLocal(std::string_view uri) { return uri.starts_with('/') || uri.starts_with("file:"); }

  // Copies what is below `root` into the store and returns the root's new address; the old one when it is out of reach
  // or need not move.
  Result<std::string> CopyRoot(const std::string& workspace, const std::string& root, const std::string& fallback) {
    if (!IsLocal(root) && !root.starts_with(kProxied)) {
      ++summary_.unreachable_roots;
      return root;
    }
    std::string path = fallback;
    if (root.starts_with(kProxied)) {
      path = root.substr(kProxied.size());
      while (path.starts_with('/')) path.erase(0, 1);
      if (const std::string own = "workspaces/" + workspace + "/"; path.starts_with(own)) path.erase(0, own.size());
    }
    MARU_ASSIGN_OR_RETURN(const auto files, source_.ListArtifacts(root));
    if (!files) {
      ++summary_.unreachable_roots;
      return root;
    }
    for (const ArtifactFile& file : *files) {
      MARU_RETURN_IF_ERROR(CopyArtifact(root, KeyRoot(workspace, path) + "/" + file.path, file));
    }
    std::string moved = std::string(kProxied) + KeyRoot(workspace, path);
    moved_[root] = moved;
    return moved;
  }

  Status CopyArtifact(const std::string& root, const std::string& key, const ArtifactFile& file) {
    const Result<object_store::ObjectInfo> there = store_.Stat(key);
    if (there.ok() && there->size_bytes == file.size_bytes) {
      ++summary_.artifacts.already_there;
      return OkStatus();
    }
    MARU_ASSIGN_OR_RETURN(const auto writer, store_.Create(key));
    MARU_RETURN_IF_ERROR(
        source_.ReadArtifact(root, file.path, [&](std::string_view piece) { return writer->Write(piece); }));
    MARU_RETURN_IF_ERROR(writer->Commit());
    ++summary_.artifacts.added;
    summary_.artifact_bytes += static_cast<std::int64_t>(file.size_bytes);
    return OkStatus();
  }

  // Where `uri`, an artifact root or something below one, is now.
  std::string Moved(const std::string& uri) const {
    for (const auto& [from, to] : moved_) {
      if (uri.starts_with(from) && (uri.size() == from.size() || uri[from.size()] == '/')) {
        return to + uri.substr(from.size());
      }
    }
    return uri;
  }

  static void Add(Count& count, bool is_new) { ++(is_new ? count.added : count.already_there); }
  void Tell(const std::string& now) const {
    if (progress_) progress_(summary_, now);
  }

  MlflowSource& source_;
  ImportTarget& target_;
  object_store::ObjectStore& store_;
  const Progress& progress_;
  ImportSummary summary_;
  std::map<std::string, std::string> moved_;  // old artifact root to new
};

}  // namespace

Result<ImportSummary> ImportMlflow(MlflowSource& source, ImportTarget& target, object_store::ObjectStore& store,
                                   const Progress& progress) {
  return Import(source, target, store, progress).Run();
}

}  // namespace maru::importer
