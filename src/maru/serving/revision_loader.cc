#include "maru/serving/revision_loader.h"

#include "maru/serving/model_package.h"
#include "maru/serving/onnx_runtime.h"

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
  return Unimplemented("Python models are not served yet");
}

}  // namespace maru::serving
