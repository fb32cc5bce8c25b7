// Where a model version's artifacts may come from, and the models:/ addresses that name a version.
//
// A source is a promise that the server later keeps: whoever may read the version may read what the source points to.
// So a source inside the server's own storage must belong to the run or logged model that the request names, and a
// local path is refused unless it does. Pure, but for the questions to ModelOrigins.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "maru/registry/model_origins.h"

namespace maru::registry {

// "models:/name/3", "models:/name/Production", "models:/name/latest", "models:/name@alias" or "models:/<model id>".
struct ModelAddress {
  std::string logged_model_id;  // set alone, or
  std::string name;             // with at most one of these; with none of them it is the latest version
  std::string version;
  std::string stage;
  std::string alias;
};

bool IsModelAddress(std::string_view source);
// kInvalidArgument when it is not a proper one.
Result<ModelAddress> ParseModelAddress(std::string_view address);

// kInvalidArgument when the source may not be used with the run or logged model that the request names (empty: none).
Status CheckVersionSource(const Caller& caller, ModelOrigins& origins, std::string_view source, std::string_view run_id,
                          std::string_view logged_model_id);

// Prompts have no artifacts; their source is one of MLflow's placeholders.
Status CheckPromptSource(std::string_view source);

}  // namespace maru::registry
