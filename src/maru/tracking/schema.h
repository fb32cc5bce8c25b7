// Tables of tracking. Runs and experiments have integer keys inside; names of metrics, params and tags are kept once.
#pragma once

#include <span>

#include "maru/sql/migration.h"

namespace maru::tracking {

std::span<const sql::Migration> Migrations();

}  // namespace maru::tracking
