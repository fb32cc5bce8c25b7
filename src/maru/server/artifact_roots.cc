#include "maru/server/artifact_roots.h"

#include "maru/registry/names.h"

namespace maru::server {

Result<std::string> ArtifactRoots::OfRun(const Caller& caller, std::string_view run_id) {
  return runs_.ArtifactUri(caller, run_id);
}

Result<std::string> ArtifactRoots::OfLoggedModel(const Caller& caller, std::string_view model_id) {
  MARU_ASSIGN_OR_RETURN(tracking::LoggedModel model, logged_models_.Get(caller, model_id));
  return std::move(model.artifact_uri);
}

Result<std::string> ArtifactRoots::OfModelVersion(const Caller& caller, std::string_view name,
                                                  std::string_view version) {
  MARU_ASSIGN_OR_RETURN(const std::int64_t number, registry::ParseVersion(version));
  MARU_ASSIGN_OR_RETURN(const auto found, models_.GetVersion(caller, name, number));
  return found.storage_location.empty() ? found.source : found.storage_location;
}

}  // namespace maru::server
