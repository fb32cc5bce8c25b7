// Log-in, users and tokens on maru's own API. Only mounted with --auth.
#pragma once

#include "maru/auth/accounts.h"
#include "maru/auth/auth_gate.h"
#include "maru/http/router.h"

namespace maru::api::own {

class Catalog;

struct AccountsAccess {
  auth::Accounts& accounts;
  auth::AuthGate& gate;
};

// `access` must outlive the router.
void MountAccounts(http::Router& router, Catalog& catalog, AccountsAccess& access);

}  // namespace maru::api::own
