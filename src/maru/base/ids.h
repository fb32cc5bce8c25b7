// Random identifiers and secrets, from the kernel's generator.
#pragma once

#include <cstddef>
#include <string>

namespace maru {

// 32 lower-case hex digits of a version-4 UUID (RFC 4122), the shape of MLflow's run ids.
std::string NewUuidHex();

// `bytes` random bytes as URL-safe base64 without padding; for tokens and one-time passwords.
std::string NewSecret(std::size_t bytes);

// `length` random decimal digits, the first never 0: the shape of MLflow's experiment ids.
std::string NewDigits(std::size_t length);

}  // namespace maru
