// Artifacts of an MLflow whose server is not asked: files of this machine, and what its artifact destination holds.
// Only reads.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "maru/importer/mlflow_source.h"
#include "maru/object_store/object_store.h"

namespace maru::importer {

class LocalArtifacts {
 public:
  // `destination` as of OpenMlflow.
  static Result<LocalArtifacts> Open(const std::string& destination);

  Result<std::optional<std::vector<ArtifactFile>>> List(const std::string& root_uri) const;
  Status Read(const std::string& root_uri, const std::string& path, PieceSink sink) const;

 private:
  // The folder that a root means, when it is one.
  std::optional<std::string> FolderOf(const std::string& root_uri) const;

  std::string folder_;                                 // destination, when it is a folder
  std::unique_ptr<object_store::ObjectStore> bucket_;  // or a bucket
};

}  // namespace maru::importer
