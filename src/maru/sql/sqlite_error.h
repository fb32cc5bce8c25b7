// What SQLite's result codes mean to a caller.
#pragma once

#include "maru/base/status.h"

struct sqlite3;

namespace maru::sql {

// The status of the last failed call on `db`, whose result was `code`. `doing` names it for the reader.
Status SqliteError(sqlite3* db, int code, std::string_view doing);

}  // namespace maru::sql
