// SHA-256 (FIPS 180-4), for addresses of cached things.
#pragma once

#include <string>
#include <string_view>

namespace maru::serving {

// 64 lower-case hex digits.
std::string Sha256Hex(std::string_view bytes);

}  // namespace maru::serving
