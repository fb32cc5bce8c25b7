// MLflow's tracking API as routes: experiments, runs, metrics, logged models. Services must outlive the router.
#pragma once

#include "maru/http/router.h"
#include "maru/tracking/experiment_service.h"
#include "maru/tracking/logged_model_service.h"
#include "maru/tracking/run_service.h"

namespace maru::api::mlflow {

void MountExperiments(http::Router& router, tracking::ExperimentService& experiments);
void MountRuns(http::Router& router, tracking::RunService& runs);
void MountMetrics(http::Router& router, tracking::RunService& runs);
void MountLoggedModels(http::Router& router, tracking::LoggedModelService& models);

}  // namespace maru::api::mlflow
