// The tables of traces. Workspace and client-chosen trace id are the key outside; inside, rows hang on a number.
#pragma once

#include "maru/base/status.h"
#include "maru/sql/database.h"

namespace maru::traces {

Status CreateSchema(sql::Database& database);

}  // namespace maru::traces
