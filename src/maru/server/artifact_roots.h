// Plugs tracking and registry into artifacts: the address of a run, logged model or model version becomes its root.
#pragma once

#include "maru/artifacts/artifact_roots.h"
#include "maru/registry/model_service.h"
#include "maru/tracking/logged_model_service.h"
#include "maru/tracking/run_service.h"

namespace maru::server {

class ArtifactRoots final : public artifacts::ArtifactRoots {
 public:
  // All must outlive this.
  ArtifactRoots(tracking::RunService& runs, tracking::LoggedModelService& logged_models, registry::ModelService& models)
      : runs_(runs), logged_models_(logged_models), models_(models) {}

  Result<std::string> OfRun(const Caller& caller, std::string_view run_id) override;
  Result<std::string> OfLoggedModel(const Caller& caller, std::string_view model_id) override;
  Result<std::string> OfModelVersion(const Caller& caller, std::string_view name, std::string_view version) override;

 private:
  tracking::RunService& runs_;
  tracking::LoggedModelService& logged_models_;
  registry::ModelService& models_;
};

}  // namespace maru::server
