// The address of a model as people write it: `models:/name@alias` follows an alias, `models:/name/3` is one version.
#pragma once

#include <string>
#include <string_view>

#include "maru/base/status.h"

namespace maru::serving {

struct ModelUri {
  std::string name;
  std::string alias;    // one of alias and version is set
  std::string version;  // decimal digits
};

// kInvalidArgument says which forms there are.
Result<ModelUri> ParseModelUri(std::string_view text);

}  // namespace maru::serving
