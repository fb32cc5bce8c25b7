// The registry's tables.
#pragma once

#include <span>

#include "maru/sql/migration.h"

namespace maru::registry {

std::span<const sql::Migration> Migrations();

}  // namespace maru::registry
