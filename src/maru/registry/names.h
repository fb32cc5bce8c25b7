// Which names, versions, tags and aliases the registry accepts. The rules and the messages' shapes are those that
// MLflow's clients know. Every refusal is kInvalidArgument.
#pragma once

#include <cstdint>
#include <string_view>

#include "maru/base/status.h"
#include "maru/registry/model.h"

namespace maru::registry {

// Not blank, without '/' and ':', and not a path to something else ("..", "a//b"). `parameter` names it in the message.
Status CheckModelName(std::string_view name, std::string_view parameter = "name");

// A version as clients send it: decimal digits in a string.
Result<std::int64_t> ParseVersion(std::string_view text);

// Keys: letters, digits and "_-. :/", at most 250 characters, not a path to something else. Values: at most 100,000.
Status CheckTag(std::string_view key, std::string_view value);
Status CheckTagKey(std::string_view key);

// Letters, digits, "_" and "-", at most 255.
Status CheckAlias(std::string_view alias);
// Also refuses those that mean something else in models:/ addresses: "latest", and "v" with a number.
Status CheckNewAlias(std::string_view alias);

// "Production" for any spelling of it.
Result<std::string_view> CanonicalStage(std::string_view stage);

}  // namespace maru::registry
