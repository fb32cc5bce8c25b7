// Members that a request must have, and enums, in the words of mlflow/server/handlers.py.
#pragma once

#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "maru/base/status.h"
#include "maru/json/json.h"

namespace maru::api::mlflow {

// "Missing value for required parameter 'run_id'. See the API docs …"
Status Missing(std::string_view parameter);

// Refuses a text that was not sent or is empty.
inline Status Require(std::string_view parameter, std::string_view value) {
  return value.empty() ? Missing(parameter) : OkStatus();
}
template <typename T>
Status Require(std::string_view parameter, const std::optional<T>& value) {
  return value ? OkStatus() : Missing(parameter);
}

// protobuf's JSON mapping takes enums by name and by number.
struct EnumName {
  std::string_view name;
  int number;
};
// The number that was sent, or nothing when none was. kInvalidArgument for names and numbers that are not in `names`.
Result<std::optional<int>> ReadEnum(std::string_view parameter, const json::Raw& sent, std::span<const EnumName> names);

}  // namespace maru::api::mlflow
