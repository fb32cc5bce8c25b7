// The data of a server that is not running, for the commands that work on it directly.
#pragma once

#include <memory>

#include "maru/base/status.h"
#include "maru/config/config.h"
#include "maru/events/event_log.h"
#include "maru/object_store/object_store.h"
#include "maru/sql/database.h"

namespace maru::server {

// Destroyed from the last to the first.
struct OfflineData {
  std::unique_ptr<sql::Database> database;
  std::unique_ptr<object_store::ObjectStore> store;
  std::unique_ptr<events::EventLog> events;
};

// Takes the database's lock, kFailedPrecondition while a server runs on it, and makes the tables that are missing.
Result<OfflineData> OpenOfflineData(const config::Config& config);

}  // namespace maru::server
