// What PostgreSQL's SQLSTATE codes mean to a caller.
#pragma once

#include <libpq-fe.h>

#include "maru/base/status.h"

namespace maru::sql {

// The status of a failed result. `sql` names what failed for our own mistakes.
Status PostgresError(const PGresult* result, std::string_view sql);

// Whether the session ends with this error: the server is shutting down, or was told to end it.
bool EndsSession(const PGresult* result);

}  // namespace maru::sql
