// MLflow's artifact API: the proxy that its clients upload to and download from, and the artifacts of runs, logged
// models and model versions by their ids.
#pragma once

#include "maru/artifacts/artifact_service.h"
#include "maru/http/router.h"

namespace maru::api::mlflow {

// `service` must outlive the router.
void MountArtifacts(http::Router& router, artifacts::ArtifactService& service);

}  // namespace maru::api::mlflow
