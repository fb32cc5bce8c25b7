// Where the artifacts of a noun lie. server/ plugs tracking and registry in here.
#pragma once

#include <string>
#include <string_view>

#include "maru/base/caller.h"
#include "maru/base/status.h"

namespace maru::artifacts {

// Each returns the root's URI as the noun has it, e.g. "mlflow-artifacts:/1/0af3…/artifacts".
// kNotFound when the caller's workspace has no such noun.
class ArtifactRoots {
 public:
  virtual ~ArtifactRoots() = default;
  virtual Result<std::string> OfRun(const Caller& caller, std::string_view run_id) = 0;
  virtual Result<std::string> OfLoggedModel(const Caller& caller, std::string_view model_id) = 0;
  virtual Result<std::string> OfModelVersion(const Caller& caller, std::string_view name, std::string_view version) = 0;
};

}  // namespace maru::artifacts
