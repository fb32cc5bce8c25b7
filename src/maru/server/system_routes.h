// What operators and load balancers ask: is it alive, is it ready, which version.
#pragma once

#include "maru/base/metrics.h"
#include "maru/http/router.h"
#include "maru/sql/database.h"

namespace maru::server {

// Both must outlive the router.
void MountSystem(http::Router& router, sql::Database& database, const metrics::Registry& metrics);

}  // namespace maru::server
