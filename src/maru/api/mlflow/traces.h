// MLflow's trace API: version 3, and the version 2 that older clients and a few calls of newer ones still use.
#pragma once

#include "maru/http/router.h"
#include "maru/traces/trace_service.h"

namespace maru::api::mlflow {

// `service` must outlive the router.
void MountTraces(http::Router& router, traces::TraceService& service);
void MountTracesV2(http::Router& router, traces::TraceService& service);
void MountAssessments(http::Router& router, traces::TraceService& service);

}  // namespace maru::api::mlflow
