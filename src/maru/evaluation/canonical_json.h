// One spelling for equal JSON values: object members sorted by name at every depth, no spaces. Pure.
#pragma once

#include <string>
#include <string_view>

#include "maru/base/status.h"

namespace maru::evaluation {

Result<std::string> CanonicalJson(std::string_view text);

// SHA-256 of `text` in lower-case hex.
std::string Sha256Hex(std::string_view text);

}  // namespace maru::evaluation
