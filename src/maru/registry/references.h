// What registered model versions point at outside the registry; for those who must not remove it.
#pragma once

#include <string>
#include <vector>

#include "maru/base/status.h"
#include "maru/sql/database.h"

namespace maru::registry {

// Of every version in every workspace: its run id, logged model id, source and storage location, those that it has.
Result<std::vector<std::string>> References(sql::Database& database);

}  // namespace maru::registry
