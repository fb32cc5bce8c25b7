// MLflow's trace API: version 3, and the version 2 that older clients and a few calls of newer ones still use.
#pragma once

#include "maru/artifacts/artifact_service.h"
#include "maru/http/router.h"
#include "maru/traces/trace_service.h"

namespace maru::api::mlflow {

// The services must outlive the router.
void MountTraces(http::Router& router, traces::TraceService& service);
void MountTracesV2(http::Router& router, traces::TraceService& service);
void MountAssessments(http::Router& router, traces::TraceService& service);
void MountTraceMetrics(http::Router& router, traces::TraceService& service);
void MountTraceArtifacts(http::Router& router, traces::TraceService& service, artifacts::ArtifactService& artifacts);

}  // namespace maru::api::mlflow
