// Sessions with a PostgreSQL server (15 or newer) through libpq.
//
// Statements are prepared once. BEGIN, SAVEPOINT, RELEASE and the like are never waited for: they go out in front of
// the next statement, in libpq's pipeline mode, so a transaction costs one round trip per statement and one for COMMIT.
#pragma once

#include <memory>
#include <string>

#include "maru/sql/connection.h"

namespace maru::sql {

// Takes the session lock that keeps a second server off the database: kFailedPrecondition when another holds it.
Result<std::unique_ptr<Connection>> ConnectPostgresWriter(const std::string& url);

Result<std::unique_ptr<Connection>> ConnectPostgresReader(const std::string& url);

}  // namespace maru::sql
