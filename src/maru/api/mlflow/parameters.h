// Checks of a request's parameters, in the words that MLflow's clients know. Errors: kInvalidArgument.
#pragma once

#include <initializer_list>
#include <string_view>
#include <utility>

#include "maru/base/status.h"

namespace maru::api::mlflow {

// All of these were sent; like MLflow, "" counts as not sent. Names the first that is missing.
Status Require(std::initializer_list<std::pair<std::string_view, std::string_view>> names_and_values);

}  // namespace maru::api::mlflow
