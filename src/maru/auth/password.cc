#include "maru/auth/password.h"

#include <argon2.h>
#include <sodium.h>

#include <array>
#include <chrono>
#include <semaphore>

namespace maru::auth {
namespace {

// OWASP's password storage cheat sheet: argon2id with 19 MiB, 2 passes, 1 lane.
constexpr std::uint32_t kMemoryKib = 19 * 1024;
constexpr std::uint32_t kPasses = 2;
constexpr std::uint32_t kLanes = 1;
constexpr std::size_t kSaltBytes = 16;
constexpr std::size_t kHashBytes = 32;
constexpr int kAtOnce = 2;
constexpr auto kWait = std::chrono::seconds(5);

// A flood of log-ins must not take all memory, nor every pool thread's time for long.
class Slot {
 public:
  Slot() : taken_(Semaphore().try_acquire_for(kWait)) {}
  ~Slot() {
    if (taken_) Semaphore().release();
  }
  Slot(const Slot&) = delete;
  bool taken() const { return taken_; }

 private:
  static std::counting_semaphore<kAtOnce>& Semaphore() {
    static std::counting_semaphore<kAtOnce> semaphore(kAtOnce);
    return semaphore;
  }
  bool taken_;
};

Status Busy() {
  return Unavailable("too many log-ins at once; try again in a moment");
}

}  // namespace

Status CheckPassword(std::string_view password) {
  if (password.size() < 12 || password.size() > 1024) {
    return InvalidArgument("a password needs 12 to 1024 characters");
  }
  return OkStatus();
}

Result<std::string> HashPassword(std::string_view password) {
  const Slot slot;
  if (!slot.taken()) return Busy();
  std::array<unsigned char, kSaltBytes> salt;
  randombytes_buf(salt.data(), salt.size());
  std::string encoded(argon2_encodedlen(kPasses, kMemoryKib, kLanes, kSaltBytes, kHashBytes, Argon2_id), '\0');
  const int error = argon2id_hash_encoded(kPasses, kMemoryKib, kLanes, password.data(), password.size(), salt.data(),
                                          salt.size(), kHashBytes, encoded.data(), encoded.size());
  if (error != ARGON2_OK) return ResourceExhausted("cannot hash a password: {}", argon2_error_message(error));
  encoded.resize(encoded.find('\0'));
  return encoded;
}

Result<bool> VerifyPassword(std::string_view password, const std::string& hash) {
  const Slot slot;
  if (!slot.taken()) return Busy();
  const int error = argon2id_verify(hash.c_str(), password.data(), password.size());
  if (error == ARGON2_OK) return true;
  if (error == ARGON2_VERIFY_MISMATCH) return false;
  return ResourceExhausted("cannot check a password: {}", argon2_error_message(error));
}

std::string Sha256Hex(std::string_view text) {
  std::array<unsigned char, crypto_hash_sha256_BYTES> digest;
  crypto_hash_sha256(digest.data(), reinterpret_cast<const unsigned char*>(text.data()), text.size());
  std::string hex(2 * digest.size() + 1, '\0');
  sodium_bin2hex(hex.data(), hex.size(), digest.data(), digest.size());
  hex.pop_back();
  return hex;
}

}  // namespace maru::auth
