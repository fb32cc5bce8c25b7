#include "maru/base/ids.h"

#include <sys/random.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <span>

namespace maru {
namespace {

void FillRandom(std::span<unsigned char> out) {
  while (!out.empty()) {
    const ssize_t got = getrandom(out.data(), out.size(), 0);
    if (got < 0 && errno != EINTR) std::abort();  // a kernel without getrandom cannot run us safely
    if (got > 0) out = out.subspan(static_cast<std::size_t>(got));
  }
}

// One getrandom call serves many ids: a system call per created run would be most of its cost.
class RandomPool {
 public:
  void Take(std::span<unsigned char> out) {
    for (unsigned char& byte : out) {
      if (next_ == pool_.size()) {
        FillRandom(pool_);
        next_ = 0;
      }
      byte = pool_[next_];
      pool_[next_++] = 0;
    }
  }

 private:
  std::array<unsigned char, 1024> pool_{};
  std::size_t next_ = pool_.size();
};

thread_local RandomPool random_pool;

}  // namespace

std::string NewUuidHex() {
  std::array<unsigned char, 16> bytes;
  random_pool.Take(bytes);
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  constexpr char kHex[] = "0123456789abcdef";
  std::string id(32, '0');
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    id[2 * i] = kHex[bytes[i] >> 4];
    id[2 * i + 1] = kHex[bytes[i] & 15];
  }
  return id;
}

std::string NewSecret(std::size_t bytes) {
  constexpr char kAlphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  std::string secret;
  unsigned bits = 0;
  unsigned pending = 0;
  for (std::size_t i = 0; i < bytes; ++i) {
    unsigned char byte;
    FillRandom({&byte, 1});
    pending = (pending << 8) | byte;
    for (bits += 8; bits >= 6; bits -= 6) secret += kAlphabet[(pending >> (bits - 6)) & 63];
  }
  if (bits > 0) secret += kAlphabet[(pending << (6 - bits)) & 63];
  return secret;
}

std::string NewDigits(std::size_t length) {
  std::string digits;
  while (digits.size() < length) {
    unsigned char byte;
    random_pool.Take({&byte, 1});
    if (byte >= 250) continue;  // keeps every digit equally likely
    const char digit = static_cast<char>('0' + byte % 10);
    if (!digits.empty() || digit != '0') digits += digit;
  }
  return digits;
}

}  // namespace maru
