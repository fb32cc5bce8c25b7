// Walking below a root folder by file descriptors, one segment at a time and never through a symbolic link: whatever
// somebody plants in the folder, nothing outside it is opened, written or removed.
//
// Blocking system calls; no state of its own. Keys given here have passed ValidateKey.
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "maru/base/status.h"

namespace maru::object_store {

// Owns one file descriptor.
class Fd {
 public:
  Fd() = default;
  explicit Fd(int fd) : fd_(fd) {}
  Fd(Fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Fd& operator=(Fd&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~Fd();
  int get() const { return fd_; }
  bool ok() const { return fd_ >= 0; }

 private:
  int fd_ = -1;
};

// errno as a Status that names what was tried: "write artifacts/model.bin: No space left on device".
Status ErrnoStatus(int error, std::string_view action, std::string_view name);

// The folder that holds the last segment of `key`, and that segment.
struct Place {
  Fd folder;
  std::string name;
};

// kNotFound when a folder on the way is missing, or is a file or a link.
Result<Place> Find(int root, std::string_view key);

// Like Find, but creates the missing folders durably. kFailedPrecondition when one of them is an object or a link.
Result<Place> FindOrMake(int root, std::string_view key);

// The folder that `prefix` names; "" is the root. kNotFound like Find.
Result<Fd> OpenFolder(int root, std::string_view prefix);

// Removes the folders that hold `key`, deepest first, as long as they are empty.
void PruneEmptyFolders(int root, std::string_view key);

// Removes entry `name` of `folder` with everything below it.
Status RemoveTree(int folder, const std::string& name);

}  // namespace maru::object_store
