// Makes a model version ready to serve: fetches its files, finds the runtime for its flavor, starts it and warms it up.
//
// Blocks, for minutes when a Python environment has to be made. Threads: thread-safe.
#pragma once

#include <atomic>
#include <filesystem>
#include <memory>
#include <string>

#include "maru/base/clock.h"
#include "maru/runtime/thread_pool.h"
#include "maru/serving/endpoint.h"
#include "maru/serving/model_cache.h"
#include "maru/serving/model_package.h"
#include "maru/serving/model_source.h"
#include "maru/serving/revision.h"

namespace maru::serving {

struct LoaderOptions {
  std::filesystem::path cache_folder;  // models/, environments/ and worker/ are made in it
  std::string python;                  // interpreter for workers; empty: python3 of the PATH
};

struct LoadRequest {
  std::string workspace;
  std::string endpoint;
  std::int64_t number = 0;
  std::string model_name;
  std::string model_version;
  EndpointSettings settings;
  std::shared_ptr<LiveStats> stats;
};

class RevisionLoader {
 public:
  // Everything given must outlive the loader.
  RevisionLoader(LoaderOptions options, ModelSource& models, ArtifactSource& artifacts, const Clock* clock,
                 runtime::ThreadPool& infer_pool);

  Result<std::unique_ptr<Revision>> Load(const LoadRequest& request);

  // Makes loads under way and later ones end soon, with kCancelled.
  void Cancel() { cancelled_ = true; }

 private:
  Result<std::unique_ptr<Runtime>> StartRuntime(const ModelPackage& package, const LoadRequest& request);

  const LoaderOptions options_;
  ModelSource& models_;
  ModelCache cache_;
  const Clock* const clock_;
  runtime::ThreadPool& infer_pool_;
  std::atomic<bool> cancelled_{false};
};

}  // namespace maru::serving
