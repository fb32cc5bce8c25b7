// Versioned schema changes, forward only, one list per module.
//
// A migration's text is portable SQL in these column types: BIGINT (integers, booleans as 0 and 1, milliseconds),
// DOUBLE PRECISION, TEXT, and BLOB (spelled BLOB; the PostgreSQL driver reads it as BYTEA). A table that needs a
// generated 64-bit key writes `id $SERIAL` for the column's type, which becomes INTEGER PRIMARY KEY AUTOINCREMENT or
// BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY. A table of small rows that are
// read by the front of their primary key ends with `) $CLUSTERED`: SQLite then keeps the rows in the key's order
// (WITHOUT ROWID), PostgreSQL as ever. A published migration is never edited: add the next one.
#pragma once

#include <span>
#include <string_view>

#include "maru/sql/database.h"

namespace maru::sql {

struct Migration {
  int version;           // 1, 2, 3 … within its module
  std::string_view sql;  // one or more statements, separated by `;` at the end of a line
};

// Applies the migrations of `module` that this database has not seen, in order, each in its own transaction.
// kFailedPrecondition when the database is from a newer maru.
Status Migrate(Database& database, std::string_view module, std::span<const Migration> migrations);

}  // namespace maru::sql
