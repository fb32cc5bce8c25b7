// Sessions with an SQLite file in write-ahead-log mode, fully synchronous.
#pragma once

#include <memory>
#include <string>

#include "maru/sql/connection.h"

namespace maru::sql {

// Creates the file when it is not there.
Result<std::unique_ptr<Connection>> ConnectSqliteWriter(const std::string& path);

// A read-only session; the writer must have been connected before.
Result<std::unique_ptr<Connection>> ConnectSqliteReader(const std::string& path);

}  // namespace maru::sql
