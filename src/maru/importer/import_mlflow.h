// Imports an existing MLflow: experiments, runs with their whole metric histories, logged models, registered models
// and, where they can be reached, artifacts. Ids stay. Running it again adds what is new and doubles nothing.
//
// A run is stored whole or not at all, so an import that is broken off goes on where it was when it is started again.
#pragma once

#include <functional>
#include <string>

#include "maru/base/status.h"
#include "maru/importer/import_target.h"
#include "maru/importer/mlflow_source.h"
#include "maru/object_store/object_store.h"

namespace maru::importer {

struct Count {
  std::int64_t added = 0;
  std::int64_t already_there = 0;
};

struct ImportSummary {
  Count experiments, runs, logged_models, registered_models, model_versions, artifacts;
  std::int64_t metric_points = 0;
  std::int64_t artifact_bytes = 0;
  std::int64_t unreachable_roots = 0;  // artifact roots that stay where they are
};

// Called now and then with what is being imported; may be empty.
using Progress = std::function<void(const ImportSummary& so_far, const std::string& now)>;

Result<ImportSummary> ImportMlflow(MlflowSource& source, ImportTarget& target, object_store::ObjectStore& store,
                                   const Progress& progress);

}  // namespace maru::importer
