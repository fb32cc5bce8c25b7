#include "maru/sql/sqlite_error.h"

#include <sqlite3.h>

#include <string>

namespace maru::sql {

Status SqliteError(sqlite3* db, int code, std::string_view doing) {
  const int extended = db != nullptr ? sqlite3_extended_errcode(db) : code;
  const std::string message = db != nullptr ? sqlite3_errmsg(db) : sqlite3_errstr(code);
  switch (extended) {
    case SQLITE_CONSTRAINT_UNIQUE:
    case SQLITE_CONSTRAINT_PRIMARYKEY:
    case SQLITE_CONSTRAINT_ROWID:
      return AlreadyExists("{}", message);
  }
  switch (code & 0xff) {
    case SQLITE_CONSTRAINT:
      return FailedPrecondition("{}", message);
    case SQLITE_FULL:
      return Unavailable("the disk that holds the database is full: {}", message);
    case SQLITE_IOERR:
    case SQLITE_CANTOPEN:
    case SQLITE_READONLY:
    case SQLITE_PERM:
      return Unavailable("the database cannot be read or written: {} (code {}, system error {})", message, extended,
                         db != nullptr ? sqlite3_system_errno(db) : 0);
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_PROTOCOL:
      return Unavailable("another program is using the database: {}", message);
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return DataLoss("the database file is damaged, or is not a database: {}", message);
    case SQLITE_NOMEM:
      return ResourceExhausted("the database ran out of memory");
    case SQLITE_TOOBIG:
      return InvalidArgument("too large for the database: {}", message);
    default:
      return Internal("{}: {} (code {})", doing, message, extended);
  }
}

}  // namespace maru::sql
