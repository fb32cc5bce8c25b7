#include "maru/server/model_origins.h"

#include <algorithm>

#include "maru/json/json.h"

namespace maru::server {
namespace {

constexpr char kModelVersionsTag[] = "mlflow.modelVersions";

struct RegisteredAs {
  std::string name;
  std::int64_t version = 0;
  bool operator==(const RegisteredAs&) const = default;
};
BOOST_DESCRIBE_STRUCT(RegisteredAs, (), (name, version))

}  // namespace

Result<registry::Origin> ModelOrigins::Run(const Caller& caller, std::string_view run_id) {
  MARU_ASSIGN_OR_RETURN(std::string artifact_uri, runs_.ArtifactUri(caller, run_id));
  return registry::Origin{std::move(artifact_uri), std::string(run_id)};
}

Result<registry::Origin> ModelOrigins::LoggedModel(const Caller& caller, std::string_view model_id) {
  MARU_ASSIGN_OR_RETURN(tracking::LoggedModel model, logged_models_.Get(caller, model_id));
  return registry::Origin{std::move(model.artifact_uri), std::move(model.source_run_id)};
}

Status ModelOrigins::NoteRegistered(const Caller& caller, std::string_view model_id, std::string_view name,
                                    std::int64_t version) {
  MARU_ASSIGN_OR_RETURN(const tracking::LoggedModel model, logged_models_.Get(caller, model_id));
  std::vector<RegisteredAs> all;
  for (const tracking::Tag& tag : model.tags) {
    if (tag.key != kModelVersionsTag) continue;
    // Clients may write the tag too; what cannot be read is replaced.
    if (auto known = json::Decode<std::vector<RegisteredAs>>(tag.value); known.ok()) all = *std::move(known);
  }
  RegisteredAs added{std::string(name), version};
  if (std::find(all.begin(), all.end(), added) == all.end()) all.push_back(std::move(added));
  return logged_models_.SetTags(caller, model_id, {{kModelVersionsTag, json::Encode(all)}});
}

}  // namespace maru::server
