// Passwords are kept as argon2id hashes (RFC 9106), tokens and cookies as SHA-256: those are long and random, so there
// is nothing to guess. Pure functions, thread-safe.
#pragma once

#include <string>
#include <string_view>

#include "maru/base/status.h"

namespace maru::auth {

// 12 to 1,024 characters; the length is what makes guessing hopeless.
Status CheckPassword(std::string_view password);

// The hash with its salt and parameters, in argon2's own text form. Takes some tens of milliseconds and 19 MiB, so at
// most a few run at once; kUnavailable when too many wait.
Result<std::string> HashPassword(std::string_view password);
Result<bool> VerifyPassword(std::string_view password, const std::string& hash);

// 64 hex digits.
std::string Sha256Hex(std::string_view text);

}  // namespace maru::auth
