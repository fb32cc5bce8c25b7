// Times and durations as protobuf's JSON mapping writes them: "2026-04-15T08:49:18.699Z" and "1.500s".
// https://protobuf.dev/programming-guides/json/
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "maru/base/status.h"

namespace maru::api::mlflow {

// From and to milliseconds (since the Unix epoch); finer digits are cut.
std::string FormatTimestamp(std::int64_t ms);
Result<std::int64_t> ParseTimestamp(std::string_view text);
std::string FormatDuration(std::int64_t ms);
Result<std::int64_t> ParseDuration(std::string_view text);

}  // namespace maru::api::mlflow
