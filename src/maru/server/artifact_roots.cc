#include "maru/server/artifact_roots.h"

namespace maru::server {

Result<std::string> ArtifactRoots::OfRun(const Caller&, std::string_view run_id) {
  return NotFound("Run with id={} not found", run_id);
}

Result<std::string> ArtifactRoots::OfLoggedModel(const Caller&, std::string_view model_id) {
  return NotFound("Logged model with ID '{}' not found.", model_id);
}

Result<std::string> ArtifactRoots::OfModelVersion(const Caller&, std::string_view name, std::string_view version) {
  return NotFound("Model Version (name={}, version={}) not found", name, version);
}

}  // namespace maru::server
