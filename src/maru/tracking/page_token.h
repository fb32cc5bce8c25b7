// Where a search goes on: an offset, as the base64 of {"offset": N}, which is what MLflow's own servers send.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "maru/base/status.h"

namespace maru::tracking {

std::string MakePageToken(std::int64_t offset);
// An empty token is offset 0. kInvalidArgument for what MakePageToken never made.
Result<std::int64_t> ParsePageToken(std::string_view token);

}  // namespace maru::tracking
