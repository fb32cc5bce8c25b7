// MLflow's routes of model versions, their stages and tags.
#pragma once

#include "maru/http/router.h"
#include "maru/registry/model_service.h"

namespace maru::api::mlflow {

// `models` must outlive the router.
void MountModelVersions(http::Router& router, registry::ModelService& models);

}  // namespace maru::api::mlflow
