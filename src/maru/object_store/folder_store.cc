#include "maru/object_store/folder_store.h"

#include <fcntl.h>
#include <linux/fs.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <system_error>

#include "maru/base/ids.h"
#include "maru/object_store/folder_list.h"
#include "maru/object_store/folder_path.h"
#include "maru/object_store/key.h"

namespace maru::object_store {
namespace {

// Handing pages to the disk while more arrive keeps the final fsync short and the dirty memory small.
constexpr std::uint64_t kWritebackBytes = 8 * 1024 * 1024;

// A folder can vanish under a write when another thread deletes the last object in it; then the write makes it again.
constexpr int kCommitAttempts = 16;

struct Folders {
  Fd root;
  Fd staging;  // holds a shared lock for as long as the store is open
};

class FolderReader : public ObjectReader {
 public:
  FolderReader(Fd file, std::string key, std::uint64_t size, std::uint64_t begin, std::uint64_t end)
      : file_(std::move(file)), key_(std::move(key)), size_(size), offset_(begin), end_(end) {}

  std::uint64_t size_bytes() const override { return size_; }

  Result<std::size_t> Read(std::span<char> out) override {
    const std::size_t wanted = std::min<std::uint64_t>(out.size(), end_ - offset_);
    if (wanted == 0) return std::size_t{0};
    ssize_t got;
    do {
      got = ::pread(file_.get(), out.data(), wanted, static_cast<off_t>(offset_));
    } while (got < 0 && errno == EINTR);
    if (got < 0) return ErrnoStatus(errno, "read", key_);
    if (got == 0) return DataLoss("\"{}\" ends at {} of {} bytes; its file was cut", key_, offset_, size_);
    offset_ += static_cast<std::uint64_t>(got);
    return static_cast<std::size_t>(got);
  }

 private:
  Fd file_;
  const std::string key_;
  const std::uint64_t size_;
  std::uint64_t offset_;
  const std::uint64_t end_;
};

class FolderWriter : public ObjectWriter {
 public:
  FolderWriter(std::shared_ptr<const Folders> folders, Fd file, std::string staged, std::string key, bool if_absent)
      : folders_(std::move(folders)),
        file_(std::move(file)),
        staged_(std::move(staged)),
        key_(std::move(key)),
        if_absent_(if_absent) {}

  ~FolderWriter() override {
    if (!committed_) ::unlinkat(folders_->staging.get(), staged_.c_str(), 0);
  }

  Status Write(std::string_view piece) override {
    MARU_RETURN_IF_ERROR(failed_);
    while (!piece.empty()) {
      const ssize_t wrote = ::write(file_.get(), piece.data(), piece.size());
      if (wrote < 0) {
        if (errno == EINTR) continue;
        failed_ = ErrnoStatus(errno, "write", key_);
        return failed_;
      }
      size_ += static_cast<std::uint64_t>(wrote);
      piece.remove_prefix(static_cast<std::size_t>(wrote));
    }
    if (size_ - handed_over_ >= kWritebackBytes) {
      ::sync_file_range(file_.get(), static_cast<off_t>(handed_over_), static_cast<off_t>(size_ - handed_over_),
                        SYNC_FILE_RANGE_WRITE);
      handed_over_ = size_;
    }
    return OkStatus();
  }

  Status Commit() override {
    MARU_RETURN_IF_ERROR(failed_);
    if (committed_) return FailedPrecondition("\"{}\" is already committed", key_);
    if (::fsync(file_.get()) != 0) {
      failed_ = ErrnoStatus(errno, "sync", key_);
      return failed_;
    }
    Status status;
    for (int attempt = 0; attempt < kCommitAttempts; ++attempt) {
      status = Publish();
      if (status.code() != absl::StatusCode::kAborted) break;
    }
    if (!status.ok() && status.code() != absl::StatusCode::kFailedPrecondition) {
      PruneEmptyFolders(folders_->root.get(), key_);  // the folders that were made for this object
    }
    return status;
  }

 private:
  // kAborted when a folder was removed meanwhile.
  Status Publish() {
    MARU_ASSIGN_OR_RETURN(const Place place, FindOrMake(folders_->root.get(), key_));
    if (const int error = Rename(place); error != 0) {
      if (error == ENOENT) return Aborted("a folder of \"{}\" was removed meanwhile", key_);
      if (error == EEXIST) return AlreadyExists("object \"{}\" already exists", key_);
      if (error == EISDIR || error == ENOTEMPTY) {
        return FailedPrecondition("cannot write \"{}\": there are objects below it", key_);
      }
      return ErrnoStatus(error, "rename into place", key_);
    }
    committed_ = true;
    if (::fsync(place.folder.get()) != 0) return ErrnoStatus(errno, "sync the folder of", key_);
    return OkStatus();
  }

  int Rename(const Place& place) {
    const int staging = folders_->staging.get();
    if (!if_absent_) {
      return ::renameat(staging, staged_.c_str(), place.folder.get(), place.name.c_str()) == 0 ? 0 : errno;
    }
    if (::renameat2(staging, staged_.c_str(), place.folder.get(), place.name.c_str(), RENAME_NOREPLACE) == 0) return 0;
    if (errno != EINVAL && errno != ENOSYS) return errno;
    // This file system has no exclusive rename (NFS); a hard link is exclusive everywhere.
    if (::linkat(staging, staged_.c_str(), place.folder.get(), place.name.c_str(), 0) != 0) return errno;
    ::unlinkat(staging, staged_.c_str(), 0);
    return 0;
  }

  const std::shared_ptr<const Folders> folders_;
  Fd file_;
  const std::string staged_;
  const std::string key_;
  const bool if_absent_;
  std::uint64_t size_ = 0;
  std::uint64_t handed_over_ = 0;  // bytes whose write-back has been started
  Status failed_;
  bool committed_ = false;
};

class FolderStore : public ObjectStore {
 public:
  FolderStore(std::shared_ptr<const Folders> folders, std::string uri)
      : folders_(std::move(folders)), uri_(std::move(uri)) {}

  Result<std::unique_ptr<ObjectReader>> Open(std::string_view key, std::uint64_t offset,
                                             std::optional<std::uint64_t> length) override {
    MARU_RETURN_IF_ERROR(ValidateKey(key));
    MARU_ASSIGN_OR_RETURN(const Place place, Find(folders_->root.get(), key));
    // O_NONBLOCK, so that a planted FIFO cannot hold the thread; regular files ignore it.
    Fd file(::openat(place.folder.get(), place.name.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK));
    if (!file.ok() && (errno == ENOENT || errno == ELOOP)) return NotFound("object \"{}\" does not exist", key);
    if (!file.ok()) return ErrnoStatus(errno, "open", key);
    struct stat stat;
    if (::fstat(file.get(), &stat) != 0) return ErrnoStatus(errno, "open", key);
    if (!S_ISREG(stat.st_mode)) return NotFound("object \"{}\" does not exist", key);
    const auto size = static_cast<std::uint64_t>(stat.st_size);
    if (offset > size) return OutOfRange("\"{}\" has {} bytes; byte {} was asked for", key, size, offset);
    const std::uint64_t end = offset + std::min(length.value_or(size), size - offset);
    ::posix_fadvise(file.get(), static_cast<off_t>(offset), static_cast<off_t>(end - offset), POSIX_FADV_SEQUENTIAL);
    return std::make_unique<FolderReader>(std::move(file), std::string(key), size, offset, end);
  }

  Result<std::unique_ptr<ObjectWriter>> Create(std::string_view key, bool if_absent) override {
    MARU_RETURN_IF_ERROR(ValidateKey(key));
    std::string staged = NewUuidHex();
    Fd file(
        ::openat(folders_->staging.get(), staged.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666));
    if (!file.ok()) return ErrnoStatus(errno, "create", key);
    return std::make_unique<FolderWriter>(folders_, std::move(file), std::move(staged), std::string(key), if_absent);
  }

  Result<ObjectInfo> Stat(std::string_view key) override {
    MARU_RETURN_IF_ERROR(ValidateKey(key));
    MARU_ASSIGN_OR_RETURN(const Place place, Find(folders_->root.get(), key));
    struct stat stat;
    const bool found = ::fstatat(place.folder.get(), place.name.c_str(), &stat, AT_SYMLINK_NOFOLLOW) == 0;
    if (!found && errno != ENOENT) return ErrnoStatus(errno, "look at", key);
    if (!found || !S_ISREG(stat.st_mode)) return NotFound("object \"{}\" does not exist", key);
    return InfoOf(std::string(key), stat);
  }

  Status Delete(std::string_view key) override {
    MARU_RETURN_IF_ERROR(ValidateKey(key));
    const Result<Place> place = Find(folders_->root.get(), key);
    if (place.status().code() == absl::StatusCode::kNotFound) return OkStatus();
    MARU_RETURN_IF_ERROR(place.status());
    if (::unlinkat(place->folder.get(), place->name.c_str(), 0) != 0) {
      if (errno == ENOENT || errno == EISDIR) return OkStatus();
      return ErrnoStatus(errno, "delete", key);
    }
    if (::fsync(place->folder.get()) != 0) return ErrnoStatus(errno, "sync the folder of", key);
    PruneEmptyFolders(folders_->root.get(), key);
    return OkStatus();
  }

  Result<std::vector<ObjectInfo>> List(std::string_view prefix, bool delimited, std::string_view start_after,
                                       std::size_t limit) override {
    MARU_ASSIGN_OR_RETURN(prefix, NormalizePrefix(prefix));
    return ListFolder(folders_->root.get(), prefix, delimited, start_after, limit);
  }

  Status DeleteTree(std::string_view prefix) override {
    MARU_ASSIGN_OR_RETURN(prefix, NormalizePrefix(prefix));
    if (!prefix.empty()) return DeleteFolder(prefix);
    MARU_ASSIGN_OR_RETURN(const std::vector<ObjectInfo> top, ListFolder(folders_->root.get(), "", true, "", SIZE_MAX));
    for (const ObjectInfo& info : top) MARU_RETURN_IF_ERROR(info.is_prefix ? DeleteTree(info.key) : Delete(info.key));
    return OkStatus();
  }

  bool has_urls() const override { return false; }
  Result<std::string> PresignGet(std::string_view, int) override {
    return Unimplemented("a folder has no URLs of its own");
  }
  Result<std::string> PresignPut(std::string_view, int) override {
    return Unimplemented("a folder has no URLs of its own");
  }
  Result<MultipartUpload> StartMultipart(std::string_view, int) override {
    return Unimplemented("a folder has no URLs of its own");
  }
  Status CompleteMultipart(std::string_view, std::string_view, std::span<const MultipartPart>) override {
    return Unimplemented("a folder has no URLs of its own");
  }
  Status AbortMultipart(std::string_view, std::string_view) override {
    return Unimplemented("a folder has no URLs of its own");
  }

  std::string uri() const override { return uri_; }

 private:
  // Moves the folder aside first: readers see all of it or nothing, and a crash leaves only what the next open removes.
  Status DeleteFolder(std::string_view prefix) {
    const Result<Place> place = Find(folders_->root.get(), prefix);
    if (place.status().code() == absl::StatusCode::kNotFound) return OkStatus();
    MARU_RETURN_IF_ERROR(place.status());
    struct stat stat;
    if (::fstatat(place->folder.get(), place->name.c_str(), &stat, AT_SYMLINK_NOFOLLOW) != 0 ||
        !S_ISDIR(stat.st_mode)) {
      return OkStatus();  // an object of that name is not below the prefix
    }
    const std::string aside = NewUuidHex();
    if (::renameat(place->folder.get(), place->name.c_str(), folders_->staging.get(), aside.c_str()) != 0) {
      return errno == ENOENT ? OkStatus() : ErrnoStatus(errno, "delete", prefix);
    }
    if (::fsync(place->folder.get()) != 0) return ErrnoStatus(errno, "sync the folder of", prefix);
    PruneEmptyFolders(folders_->root.get(), prefix);
    return RemoveTree(folders_->staging.get(), aside);
  }

  const std::shared_ptr<const Folders> folders_;
  const std::string uri_;
};

// Takes the shared lock on `staging`, and cleans it before when nobody else has it.
Status LockAndClean(int staging) {
  if (::flock(staging, LOCK_EX | LOCK_NB) == 0) {
    const std::filesystem::path folder = "/proc/self/fd/" + std::to_string(staging);
    std::error_code error;
    std::vector<std::string> names;
    for (std::filesystem::directory_iterator entry(folder, error), end; !error && entry != end;
         entry.increment(error)) {
      names.push_back(entry->path().filename());
    }
    for (const std::string& name : names) MARU_RETURN_IF_ERROR(RemoveTree(staging, name));
  }
  if (::flock(staging, LOCK_SH) != 0) return ErrnoStatus(errno, "lock", "the staging folder");
  return OkStatus();
}

}  // namespace

Result<std::unique_ptr<ObjectStore>> OpenFolderStore(const std::string& path) {
  std::error_code error;
  const std::filesystem::path absolute = std::filesystem::absolute(path, error).lexically_normal();
  if (error) return ErrnoStatus(error.value(), "open", path);
  std::filesystem::create_directories(absolute, error);
  if (error) return ErrnoStatus(error.value(), "create folder", path);
  auto folders = std::make_shared<Folders>();
  // The root itself may be a link: that is the administrator's choice, not a client's.
  folders->root = Fd(::open(absolute.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!folders->root.ok()) return ErrnoStatus(errno, "open folder", path);
  const std::string staging(kStagingSegment);
  if (::mkdirat(folders->root.get(), staging.c_str(), 0777) != 0 && errno != EEXIST) {
    return ErrnoStatus(errno, "create the staging folder in", path);
  }
  folders->staging =
      Fd(::openat(folders->root.get(), staging.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!folders->staging.ok()) return ErrnoStatus(errno, "open the staging folder in", path);
  MARU_RETURN_IF_ERROR(LockAndClean(folders->staging.get()));
  std::string uri = "file://" + absolute.string();
  if (uri.size() > 8 && uri.back() == '/') uri.pop_back();
  return std::make_unique<FolderStore>(std::move(folders), std::move(uri));
}

}  // namespace maru::object_store
