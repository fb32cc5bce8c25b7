#include "maru/object_store/folder_list.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>

#include "maru/object_store/folder_path.h"
#include "maru/object_store/key.h"

namespace maru::object_store {
namespace {

struct Entry {
  std::string name;  // of a folder with '/' at its end: that makes the order of names the order of keys
  bool is_folder = false;
};

class Listing {
 public:
  Listing(bool delimited, std::string_view start_after, std::size_t limit)
      : delimited_(delimited), start_after_(start_after), limit_(limit) {}

  // `base` is "" or ends with '/'.
  Status Walk(int folder, const std::string& base) {
    MARU_ASSIGN_OR_RETURN(const std::vector<Entry> entries, Entries(folder, base.empty()));
    for (const Entry& entry : entries) {
      if (found_.size() >= limit_) break;
      const std::string key = base + entry.name;
      if (entry.is_folder) {
        MARU_RETURN_IF_ERROR(VisitFolder(folder, entry, key));
      } else if (key > start_after_) {
        struct stat stat;
        // It may be gone since the folder was read; then it is not part of the listing.
        if (::fstatat(folder, entry.name.c_str(), &stat, AT_SYMLINK_NOFOLLOW) == 0) found_.push_back(InfoOf(key, stat));
      }
    }
    return OkStatus();
  }

  std::vector<ObjectInfo> Take() { return std::move(found_); }

 private:
  Status VisitFolder(int folder, const Entry& entry, const std::string& key) {
    const bool begins_inside = start_after_.starts_with(key);
    if (start_after_ >= key && !begins_inside) return OkStatus();
    if (delimited_ && start_after_ == key) return OkStatus();
    const std::string name = entry.name.substr(0, entry.name.size() - 1);
    Fd inner(::openat(folder, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!inner.ok()) {
      if (errno == ENOENT || errno == ENOTDIR || errno == ELOOP) return OkStatus();
      return ErrnoStatus(errno, "list", key);
    }
    if (!delimited_) return Walk(inner.get(), key);
    MARU_ASSIGN_OR_RETURN(const std::vector<Entry> inside, Entries(inner.get(), false));
    // A folder without anything in it is an accident of the file system, not a prefix.
    if (!inside.empty()) found_.push_back({.key = key, .is_prefix = true});
    return OkStatus();
  }

  static Result<std::vector<Entry>> Entries(int folder, bool is_root) {
    const std::unique_ptr<DIR, int (*)(DIR*)> open(
        ::fdopendir(::openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)), ::closedir);
    if (open == nullptr) return ErrnoStatus(errno, "list", "a folder");
    std::vector<Entry> entries;
    while (const dirent* entry = ::readdir(open.get())) {
      const std::string_view name = entry->d_name;
      if (name == "." || name == ".." || (is_root && name == kStagingSegment)) continue;
      unsigned char type = entry->d_type;
      if (type == DT_UNKNOWN) {  // some file systems do not tell
        struct stat stat;
        if (::fstatat(folder, entry->d_name, &stat, AT_SYMLINK_NOFOLLOW) != 0) continue;
        type = S_ISDIR(stat.st_mode) ? DT_DIR : S_ISREG(stat.st_mode) ? DT_REG : DT_LNK;
      }
      // Links, sockets and the like are not objects; nor is a name that is no valid key.
      if ((type != DT_DIR && type != DT_REG) || !ValidateKey(name).ok()) continue;
      const bool is_folder = type == DT_DIR;
      entries.push_back({std::string(name) + (is_folder ? "/" : ""), is_folder});
    }
    std::sort(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) { return a.name < b.name; });
    return entries;
  }

  const bool delimited_;
  const std::string_view start_after_;
  const std::size_t limit_;
  std::vector<ObjectInfo> found_;
};

}  // namespace

ObjectInfo InfoOf(std::string key, const struct ::stat& stat) {
  return {.key = std::move(key),
          .size_bytes = static_cast<std::uint64_t>(stat.st_size),
          .modified_ms = std::int64_t{stat.st_mtim.tv_sec} * 1000 + stat.st_mtim.tv_nsec / 1'000'000};
}

Result<std::vector<ObjectInfo>> ListFolder(int root, std::string_view prefix, bool delimited,
                                           std::string_view start_after, std::size_t limit) {
  Result<Fd> folder = OpenFolder(root, prefix);
  if (folder.status().code() == absl::StatusCode::kNotFound) return std::vector<ObjectInfo>{};
  MARU_RETURN_IF_ERROR(folder.status());
  Listing listing(delimited, start_after, limit);
  MARU_RETURN_IF_ERROR(listing.Walk(folder->get(), prefix.empty() ? "" : std::string(prefix) + "/"));
  return listing.Take();
}

}  // namespace maru::object_store
