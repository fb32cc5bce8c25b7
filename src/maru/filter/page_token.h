// Page tokens of searches that page by offset: base64 of {"offset": 20}, the shape that MLflow's clients may make up
// themselves. Pure. Errors: kInvalidArgument.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "maru/base/status.h"

namespace maru::filter {

std::string OffsetToken(std::int64_t offset);

// 0 for an empty token.
Result<std::int64_t> ParseOffsetToken(std::string_view token);

}  // namespace maru::filter
