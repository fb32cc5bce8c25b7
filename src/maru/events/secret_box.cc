#include "maru/events/secret_box.h"

#include <fcntl.h>
#include <sodium.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

namespace maru::events {
namespace {

static_assert(crypto_secretbox_KEYBYTES == 32);

// Written aside and linked into place: two processes that start at once agree on one key, and none sees half of it.
Status MakeKey(const std::string& file) {
  std::array<unsigned char, crypto_secretbox_KEYBYTES> key;
  crypto_secretbox_keygen(key.data());
  const std::string aside = fmt::format("{}.{}", file, getpid());
  const int fd = ::open(aside.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (fd < 0) return Unavailable("cannot write {}: {}", aside, std::strerror(errno));
  const bool written = ::write(fd, key.data(), key.size()) == static_cast<ssize_t>(key.size()) && ::fsync(fd) == 0;
  const int error = errno;
  ::close(fd);
  const bool linked = written && (::link(aside.c_str(), file.c_str()) == 0 || errno == EEXIST);
  ::unlink(aside.c_str());
  if (!linked) return Unavailable("cannot write {}: {}", file, std::strerror(written ? errno : error));
  const int folder = ::open(std::filesystem::path(file).parent_path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder >= 0) {
    ::fsync(folder);
    ::close(folder);
  }
  return OkStatus();
}

}  // namespace

Result<SecretBox> SecretBox::Open(const std::string& file) {
  if (sodium_init() < 0) return Internal("libsodium does not start");
  if (!std::filesystem::exists(file)) MARU_RETURN_IF_ERROR(MakeKey(file));
  SecretBox box;
  const int fd = ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return Unavailable("cannot read {}: {}", file, std::strerror(errno));
  const ssize_t n = ::read(fd, box.key_.data(), box.key_.size());
  ::close(fd);
  if (n != static_cast<ssize_t>(box.key_.size())) return DataLoss("{} does not hold a key of 32 bytes", file);
  return box;
}

std::string SecretBox::Seal(std::string_view secret) const {
  std::string sealed(crypto_secretbox_NONCEBYTES + crypto_secretbox_MACBYTES + secret.size(), '\0');
  auto* nonce = reinterpret_cast<unsigned char*>(sealed.data());
  randombytes_buf(nonce, crypto_secretbox_NONCEBYTES);
  crypto_secretbox_easy(nonce + crypto_secretbox_NONCEBYTES, reinterpret_cast<const unsigned char*>(secret.data()),
                        secret.size(), nonce, key_.data());
  return sealed;
}

Result<std::string> SecretBox::Unseal(std::string_view sealed) const {
  constexpr std::size_t kOverhead = crypto_secretbox_NONCEBYTES + crypto_secretbox_MACBYTES;
  const auto* nonce = reinterpret_cast<const unsigned char*>(sealed.data());
  std::string secret(sealed.size() >= kOverhead ? sealed.size() - kOverhead : 0, '\0');
  if (sealed.size() < kOverhead ||
      crypto_secretbox_open_easy(reinterpret_cast<unsigned char*>(secret.data()), nonce + crypto_secretbox_NONCEBYTES,
                                 sealed.size() - crypto_secretbox_NONCEBYTES, nonce, key_.data()) != 0) {
    return FailedPrecondition("the secret was sealed with another key; restore the key file, or set the secret again");
  }
  return secret;
}

}  // namespace maru::events
