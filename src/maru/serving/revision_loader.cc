#include "maru/serving/revision_loader.h"

#include "maru/serving/model_package.h"
#include "maru/serving/onnx_runtime.h"
#include "maru/serving/python_environment.h"
#include "maru/serving/python_runtime.h"
#include "maru/serving/worker_files.h"

namespace maru::serving {

RevisionLoader::RevisionLoader(LoaderOptions options, ModelSource& models, ArtifactSource& artifacts,
                               const Clock* clock, runtime::ThreadPool& infer_pool)
    : options_(std::move(options)),
      models_(models),
      cache_(options_.cache_folder / "models", artifacts),
      clock_(clock),
      infer_pool_(infer_pool) {}

Result<std::unique_ptr<Revision>> RevisionLoader::Load(const LoadRequest& request) {
  if (cancelled_) return Cancelled("the server is stopping");
  MARU_ASSIGN_OR_RETURN(
      const ResolvedModel model,
      models_.Resolve(request.workspace, {.name = request.model_name, .version = request.model_version}));
  MARU_ASSIGN_OR_RETURN(const std::filesystem::path folder, cache_.Fetch(request.workspace, model.artifact_uri));
  MARU_ASSIGN_OR_RETURN(const ModelPackage package, ReadModelPackage(folder));
  MARU_ASSIGN_OR_RETURN(std::unique_ptr<Runtime> runtime, StartRuntime(package, request));
  RevisionOptions options{.number = request.number,
                          .model_name = request.model_name,
                          .model_version = request.model_version,
                          .signature = package.signature,
                          .queue_max = static_cast<std::size_t>(request.settings.queue_max),
                          .timeout_ms = request.settings.timeout_ms};
  auto revision =
      std::make_unique<Revision>(std::move(options), std::move(runtime), &infer_pool_, request.stats, clock_);
  revision->WarmUp();
  return revision;
}

Result<std::unique_ptr<Runtime>> RevisionLoader::StartRuntime(const ModelPackage& package, const LoadRequest& request) {
  switch (package.flavor) {
    case Flavor::kOnnx:
      return LoadOnnx(package.onnx_file.string(), {.threads = static_cast<int>(request.settings.threads)});
    case Flavor::kPyfunc:
      break;
  }
  MARU_ASSIGN_OR_RETURN(const std::filesystem::path scripts, UnpackWorker(options_.cache_folder / "worker"));
  const PythonOptions python{
      .interpreter = options_.python, .folder = options_.cache_folder / "environments", .scripts = scripts};
  MARU_ASSIGN_OR_RETURN(std::string interpreter, FindPython(package, request.settings.environment, python, cancelled_));
  return StartPython(package,
                     {.interpreter = std::move(interpreter),
                      .scripts = scripts,
                      .label = fmt::format("endpoint {} revision {}", request.endpoint, request.number),
                      .workers = static_cast<int>(request.settings.workers)},
                     clock_, cancelled_);
}

}  // namespace maru::serving
