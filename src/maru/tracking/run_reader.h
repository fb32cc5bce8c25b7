// Whole runs, with everything that belongs to them, in a handful of queries however many runs there are.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "maru/sql/database.h"
#include "maru/tracking/entities.h"
#include "maru/tracking/name_table.h"

namespace maru::tracking {

enum class RunParts { kForSearch, kWithModelInputs };  // a search leaves model inputs out, as the peer does

// Appends the runs with these numbers, in this order.
Status ReadRuns(sql::Reader& reader, const NameTable& names, std::span<const std::int64_t> ids, RunParts parts,
                std::vector<Run>& out);

}  // namespace maru::tracking
