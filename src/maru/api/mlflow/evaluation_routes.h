// MLflow's routes of scorers and evaluation datasets.
#pragma once

#include "maru/evaluation/dataset_service.h"
#include "maru/evaluation/scorer_service.h"
#include "maru/http/router.h"

namespace maru::api::mlflow {

// The services must outlive the router.
void MountScorers(http::Router& router, evaluation::ScorerService& scorers);
void MountEvaluationDatasets(http::Router& router, evaluation::DatasetService& datasets);

}  // namespace maru::api::mlflow
