// A lock file that one process holds for as long as it lives; the kernel frees it when the process ends, however.
#pragma once

#include <memory>
#include <string>

#include "maru/base/status.h"

namespace maru::sql {

class FileLock {
 public:
  // kFailedPrecondition, naming the holder's process id, when another process (or this one) holds it.
  static Result<std::unique_ptr<FileLock>> Take(const std::string& path);
  ~FileLock();
  FileLock(const FileLock&) = delete;
  FileLock& operator=(const FileLock&) = delete;

 private:
  explicit FileLock(int fd) : fd_(fd) {}
  const int fd_;
};

}  // namespace maru::sql
