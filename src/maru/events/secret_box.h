// Secrets at rest: sealed with a key that lies in a file of its own, so that a copy of the database gives none away.
// XSalsa20-Poly1305 (libsodium's crypto_secretbox). Threads: immutable after Open.
#pragma once

#include <array>
#include <string>
#include <string_view>

#include "maru/base/status.h"

namespace maru::events {

class SecretBox {
 public:
  // Reads the key from `file`; makes one, readable by this user only, when the file is not there.
  static Result<SecretBox> Open(const std::string& file);

  std::string Seal(std::string_view secret) const;
  // kFailedPrecondition when it was sealed with another key, or is damaged.
  Result<std::string> Unseal(std::string_view sealed) const;

 private:
  std::array<unsigned char, 32> key_;
};

}  // namespace maru::events
