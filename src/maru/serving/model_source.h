// What serving asks of the model registry; plugged in by server/.
#pragma once

#include <string>

#include "maru/base/status.h"
#include "maru/serving/model_uri.h"

namespace maru::serving {

struct ResolvedModel {
  std::string name;
  std::string version;
  std::string artifact_uri;  // where the version's files are, as the ArtifactSource understands it
};

class ModelSource {
 public:
  virtual ~ModelSource() = default;
  // The version that `uri` names now. kNotFound when the model, the version or the alias is not there.
  // Thread-safe; blocks.
  virtual Result<ResolvedModel> Resolve(const std::string& workspace, const ModelUri& uri) = 0;
};

}  // namespace maru::serving
