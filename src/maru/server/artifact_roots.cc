#include "maru/server/artifact_roots.h"

#include <algorithm>

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
  MARU_ASSIGN_OR_RETURN(registry::ModelVersion found, models_.GetVersion(caller, name, number));
  std::string_view rest = found.storage_location;
  constexpr std::string_view kRuns = "runs:/";
  if (!rest.starts_with(kRuns)) return std::move(found.storage_location);
  rest.remove_prefix(kRuns.size());
  const std::size_t slash = std::min(rest.find('/'), rest.size());
  MARU_ASSIGN_OR_RETURN(const std::string root, runs_.ArtifactUri(caller, rest.substr(0, slash)));
  return root + std::string(rest.substr(slash));
}

}  // namespace maru::server
