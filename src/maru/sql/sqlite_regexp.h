// SQLite has the operator REGEXP but not the function behind it; this is that function, on RE2, which takes linear
// time whatever the pattern.
#pragma once

struct sqlite3;

namespace maru::sql {

// Returns an SQLite result code.
int AddRegexp(sqlite3* db);

}  // namespace maru::sql
