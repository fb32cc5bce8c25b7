// Plugs the registry and the artifacts into serving: what a models:/ address means, and where the files are.
#pragma once

#include "maru/artifacts/artifact_service.h"
#include "maru/registry/model_service.h"
#include "maru/serving/artifact_source.h"
#include "maru/serving/model_source.h"

namespace maru::server {

class ServedModels final : public serving::ModelSource, public serving::ArtifactSource {
 public:
  // Both must outlive it.
  ServedModels(registry::ModelService& models, artifacts::ArtifactService& artifacts)
      : models_(models), artifacts_(artifacts) {}

  Result<serving::ResolvedModel> Resolve(const std::string& workspace, const serving::ModelUri& uri) override;
  Result<std::vector<serving::ArtifactFile>> List(const std::string& workspace,
                                                  const std::string& artifact_uri) override;
  Status Copy(const std::string& workspace, const std::string& artifact_uri, const std::string& path,
              const std::string& local_file) override;

 private:
  registry::ModelService& models_;
  artifacts::ArtifactService& artifacts_;
};

}  // namespace maru::server
