// POST /v1/traces: OpenTelemetry's exporters, and MLflow's own client, deliver spans here.
#pragma once

#include "maru/http/router.h"
#include "maru/traces/trace_service.h"

namespace maru::api::otlp {

// `service` must outlive the router.
void MountTraceExport(http::Router& router, traces::TraceService& service);

}  // namespace maru::api::otlp
