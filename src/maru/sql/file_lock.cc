#include "maru/sql/file_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>

namespace maru::sql {

Result<std::unique_ptr<FileLock>> FileLock::Take(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (fd < 0) return Unavailable("cannot open {}: {}", path, std::strerror(errno));
  std::unique_ptr<FileLock> lock(new FileLock(fd));
  if (::flock(fd, LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) return Unavailable("cannot lock {}: {}", path, std::strerror(errno));
    char holder[32] = {};
    const ssize_t n = ::pread(fd, holder, sizeof holder - 1, 0);
    std::string pid(holder, n > 0 ? n : 0);
    while (!pid.empty() && pid.back() == '\n') pid.pop_back();
    return FailedPrecondition("{} is held by process {}: one server at a time may use a database; stop that one first",
                              path, pid.empty() ? "unknown" : pid);
  }
  // Only for people to read; a full disk must not keep the server from starting.
  const std::string pid = std::to_string(::getpid()) + "\n";
  if (::ftruncate(fd, 0) != 0 || ::pwrite(fd, pid.data(), pid.size(), 0) < 0) {
  }
  return lock;
}

FileLock::~FileLock() {
  ::close(fd_);
}

}  // namespace maru::sql
