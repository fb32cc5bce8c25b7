#include "maru/object_store/folder_path.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <system_error>
#include <vector>

namespace maru::object_store {
namespace {

constexpr int kFolderFlags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;

std::vector<std::string> Segments(std::string_view key) {
  std::vector<std::string> segments;
  while (true) {
    const std::size_t slash = key.find('/');
    segments.emplace_back(key.substr(0, slash));
    if (slash == std::string_view::npos) return segments;
    key.remove_prefix(slash + 1);
  }
}

Result<Fd> Duplicate(int fd) {
  Fd copy(::openat(fd, ".", kFolderFlags));
  if (!copy.ok()) return ErrnoStatus(errno, "open", "the store's folder");
  return copy;
}

bool IsNotThere(int error) {
  return error == ENOENT || error == ENOTDIR || error == ELOOP;
}

}  // namespace

Fd::~Fd() {
  if (fd_ >= 0) ::close(fd_);
}

Status ErrnoStatus(int error, std::string_view action, std::string_view name) {
  const std::string reason = std::generic_category().message(error);
  switch (error) {
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
    case EMFILE:
    case ENFILE:
    case ENOMEM:
      return ResourceExhausted("{} {}: {}", action, name, reason);
    case EACCES:
    case EPERM:
    case EROFS:
      return PermissionDenied("{} {}: {}", action, name, reason);
    case ENOENT:
      return NotFound("{} {}: {}", action, name, reason);
    case EEXIST:
      return AlreadyExists("{} {}: {}", action, name, reason);
    case ENOTDIR:
    case EISDIR:
    case ENOTEMPTY:
    case ELOOP:
      return FailedPrecondition("{} {}: {}", action, name, reason);
    case ENAMETOOLONG:
      return InvalidArgument("{} {}: {}", action, name, reason);
    default:
      return Unavailable("{} {}: {}", action, name, reason);
  }
}

Result<Fd> OpenFolder(int root, std::string_view prefix) {
  MARU_ASSIGN_OR_RETURN(Fd folder, Duplicate(root));
  if (prefix.empty()) return folder;
  for (const std::string& segment : Segments(prefix)) {
    Fd next(::openat(folder.get(), segment.c_str(), kFolderFlags));
    if (!next.ok()) {
      if (IsNotThere(errno)) return NotFound("nothing below \"{}\"", prefix);
      return ErrnoStatus(errno, "open", prefix);
    }
    folder = std::move(next);
  }
  return folder;
}

Result<Place> Find(int root, std::string_view key) {
  const std::size_t slash = key.rfind('/');
  const bool nested = slash != std::string_view::npos;
  Result<Fd> folder = OpenFolder(root, nested ? key.substr(0, slash) : std::string_view());
  if (folder.status().code() == absl::StatusCode::kNotFound) return NotFound("object \"{}\" does not exist", key);
  MARU_RETURN_IF_ERROR(folder.status());
  return Place{*std::move(folder), std::string(nested ? key.substr(slash + 1) : key)};
}

Result<Place> FindOrMake(int root, std::string_view key) {
  MARU_ASSIGN_OR_RETURN(Fd folder, Duplicate(root));
  std::vector<std::string> segments = Segments(key);
  for (std::size_t i = 0; i + 1 < segments.size(); ++i) {
    Fd next(::openat(folder.get(), segments[i].c_str(), kFolderFlags));
    if (!next.ok() && errno == ENOENT) {
      if (::mkdirat(folder.get(), segments[i].c_str(), 0777) == 0) {
        // The new name must be on disk before an object below it counts as durable.
        if (::fsync(folder.get()) != 0) return ErrnoStatus(errno, "sync the folder of", key);
      } else if (errno == ENOENT) {
        return Aborted("a folder of \"{}\" was removed meanwhile", key);
      } else if (errno != EEXIST) {
        return ErrnoStatus(errno, "create a folder for", key);
      }
      next = Fd(::openat(folder.get(), segments[i].c_str(), kFolderFlags));
      if (!next.ok() && errno == ENOENT) return Aborted("a folder of \"{}\" was removed meanwhile", key);
    }
    if (!next.ok()) {
      if (IsNotThere(errno)) {
        return FailedPrecondition("cannot write \"{}\": segment \"{}\" is an object, not a folder", key, segments[i]);
      }
      return ErrnoStatus(errno, "open a folder of", key);
    }
    folder = std::move(next);
  }
  return Place{std::move(folder), std::move(segments.back())};
}

void PruneEmptyFolders(int root, std::string_view key) {
  for (std::size_t slash = key.rfind('/'); slash != std::string_view::npos; slash = key.rfind('/')) {
    key = key.substr(0, slash);
    Result<Place> place = Find(root, key);
    if (!place.ok() || ::unlinkat(place->folder.get(), place->name.c_str(), AT_REMOVEDIR) != 0) return;
  }
}

Status RemoveTree(int folder, const std::string& name) {
  if (::unlinkat(folder, name.c_str(), 0) == 0 || errno == ENOENT) return OkStatus();
  if (errno != EISDIR && errno != EPERM) return ErrnoStatus(errno, "delete", name);
  Fd inner(::openat(folder, name.c_str(), kFolderFlags));
  if (!inner.ok()) return ErrnoStatus(errno, "delete", name);
  // fdopendir takes its descriptor over, and this function still needs one.
  const std::unique_ptr<DIR, int (*)(DIR*)> entries(::fdopendir(::dup(inner.get())), ::closedir);
  if (entries == nullptr) return ErrnoStatus(errno, "delete", name);
  std::vector<std::string> names;
  while (const dirent* entry = ::readdir(entries.get())) {
    const std::string_view entry_name = entry->d_name;
    if (entry_name != "." && entry_name != "..") names.emplace_back(entry_name);
  }
  for (const std::string& entry_name : names) MARU_RETURN_IF_ERROR(RemoveTree(inner.get(), entry_name));
  if (::unlinkat(folder, name.c_str(), AT_REMOVEDIR) != 0 && errno != ENOENT) return ErrnoStatus(errno, "delete", name);
  return OkStatus();
}

}  // namespace maru::object_store
