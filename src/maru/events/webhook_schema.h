// The tables of webhooks: what is subscribed, and what is still to be delivered.
#pragma once

#include "maru/base/status.h"
#include "maru/sql/database.h"

namespace maru::events {

Status MigrateWebhooks(sql::Database& database);

}  // namespace maru::events
