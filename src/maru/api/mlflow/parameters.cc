#include "maru/api/mlflow/parameters.h"

namespace maru::api::mlflow {

Status Require(std::initializer_list<std::pair<std::string_view, std::string_view>> names_and_values) {
  for (const auto& [name, value] : names_and_values) {
    if (!value.empty()) continue;
    return InvalidArgument(
        "Missing value for required parameter '{}'. See the API docs for more information about request parameters.",
        name);
  }
  return OkStatus();
}

}  // namespace maru::api::mlflow
