// Whole logged models in a handful of queries.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "maru/sql/database.h"
#include "maru/tracking/logged_model_service.h"

namespace maru::tracking {

// Appends the models with these numbers, in this order.
Status ReadLoggedModels(sql::Reader& reader, std::span<const std::int64_t> ids, std::vector<LoggedModel>& out);

}  // namespace maru::tracking
