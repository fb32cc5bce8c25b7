// What every engine refuses to bind, so that they all refuse the same.
#pragma once

#include "maru/sql/database.h"

namespace maru::sql {

// kInvalidArgument for NaN (SQLite would store NULL), and for text that has a NUL character or is not UTF-8 (PostgreSQL
// takes neither).
Status CheckArgs(const Args& args);

}  // namespace maru::sql
