#include "maru/server/artifact_roots.h"

namespace maru::server {

Result<std::string> ArtifactRoots::OfRun(const Caller& caller, std::string_view run_id) {
  return runs_.ArtifactUri(caller, run_id);
}

Result<std::string> ArtifactRoots::OfLoggedModel(const Caller& caller, std::string_view model_id) {
  MARU_ASSIGN_OR_RETURN(tracking::LoggedModel model, models_.Get(caller, model_id));
  return std::move(model.artifact_uri);
}

Result<std::string> ArtifactRoots::OfModelVersion(const Caller&, std::string_view name, std::string_view version) {
  return NotFound("Model Version (name={}, version={}) not found", name, version);
}

}  // namespace maru::server
