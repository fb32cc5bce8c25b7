// The tables of evaluation.
#pragma once

#include <span>

#include "maru/sql/migration.h"

namespace maru::evaluation {

std::span<const sql::Migration> Migrations();

}  // namespace maru::evaluation
