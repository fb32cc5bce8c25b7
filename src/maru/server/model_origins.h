// Answers the registry's questions about runs and logged models out of tracking.
#pragma once

#include "maru/registry/model_origins.h"
#include "maru/tracking/logged_model_service.h"
#include "maru/tracking/run_service.h"

namespace maru::server {

class ModelOrigins final : public registry::ModelOrigins {
 public:
  // Both must outlive it.
  ModelOrigins(tracking::RunService& runs, tracking::LoggedModelService& logged_models)
      : runs_(runs), logged_models_(logged_models) {}

  Result<registry::Origin> Run(const Caller& caller, std::string_view run_id) override;
  Result<registry::Origin> LoggedModel(const Caller& caller, std::string_view model_id) override;
  // Adds the version to the tag mlflow.modelVersions, where MLflow's page looks for it.
  Status NoteRegistered(const Caller& caller, std::string_view model_id, std::string_view name,
                        std::int64_t version) override;

 private:
  tracking::RunService& runs_;
  tracking::LoggedModelService& logged_models_;
};

}  // namespace maru::server
