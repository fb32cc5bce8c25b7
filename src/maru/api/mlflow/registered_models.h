// MLflow's routes of registered models, their tags and aliases.
#pragma once

#include "maru/http/router.h"
#include "maru/registry/model_service.h"

namespace maru::api::mlflow {

// `models` must outlive the router.
void MountRegisteredModels(http::Router& router, registry::ModelService& models);

}  // namespace maru::api::mlflow
