// Copies of model files on this machine, one folder per content, shared by every revision that serves it.
//
// A folder's name is the digest of the artifact's address and its listing (paths, sizes, times), so a changed artifact
// gets a folder of its own and a known one is never copied twice. Folders appear whole: a copy is made beside and
// renamed. Threads: thread-safe.
#pragma once

#include <filesystem>
#include <string>

#include "maru/base/status.h"
#include "maru/serving/artifact_source.h"

namespace maru::serving {

class ModelCache {
 public:
  // `source` must outlive the cache. The folder is made when it is needed.
  ModelCache(std::filesystem::path folder, ArtifactSource& source) : folder_(std::move(folder)), source_(source) {}

  // The local folder with the files of `artifact_uri`.
  Result<std::filesystem::path> Fetch(const std::string& workspace, const std::string& artifact_uri);

 private:
  const std::filesystem::path folder_;
  ArtifactSource& source_;
};

}  // namespace maru::serving
