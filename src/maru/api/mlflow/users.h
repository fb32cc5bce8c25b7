// MLflow's basic-auth users API, on the same accounts. Only mounted with --auth.
#pragma once

#include "maru/auth/accounts.h"
#include "maru/http/router.h"

namespace maru::api::mlflow {

// `accounts` must outlive the router.
void MountUsers(http::Router& router, auth::Accounts& accounts);

}  // namespace maru::api::mlflow
