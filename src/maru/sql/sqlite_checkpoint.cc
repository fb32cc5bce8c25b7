#include "maru/sql/sqlite_checkpoint.h"

#include <fcntl.h>
#include <pthread.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "maru/sql/sqlite_error.h"

namespace maru::sql {
namespace {

constexpr int kCheckpointAtPages = 2000;       // 8 MB of 4 KiB pages: pages changed often are copied once
constexpr off_t kLogBytes = 16 * 1024 * 1024;  // room for what is written while that is copied

constexpr std::uint64_t kDiskBytesMin = 512 * 1024 * 1024;

// Best effort: a log that is shorter is only slower. The last room on a disk is left to the data.
void Lengthen(const char* path) {
  struct statvfs disk;
  if (statvfs(path, &disk) != 0 || disk.f_bavail * disk.f_frsize < kDiskBytesMin) return;
  const int fd = open(path, O_WRONLY | O_CLOEXEC);
  if (fd < 0) return;
  struct stat s;
  const std::string zeros(1024 * 1024, '\0');
  if (fstat(fd, &s) == 0) {
    for (off_t at = s.st_size; at < kLogBytes;) {
      const ssize_t n = pwrite(fd, zeros.data(), std::min<off_t>(zeros.size(), kLogBytes - at), at);
      if (n <= 0) break;
      at += n;
    }
  }
  fdatasync(fd);
  close(fd);
}

}  // namespace

Result<std::unique_ptr<SqliteCheckpoint>> SqliteCheckpoint::Start(sqlite3* writer) {
  const char* path = sqlite3_db_filename(writer, "main");
  sqlite3* own = nullptr;
  const int code = sqlite3_open_v2(path, &own, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, nullptr);
  std::unique_ptr<SqliteCheckpoint> checkpoint(new SqliteCheckpoint(writer, own));
  if (code != SQLITE_OK) return SqliteError(own, code, "open for checkpoints");
  // A session that has never read has not opened the log either, and its checkpoints would do nothing, without an
  // error.
  if (const int read = sqlite3_exec(own, "SELECT COUNT(*) FROM sqlite_master", nullptr, nullptr, nullptr);
      read != SQLITE_OK) {
    return SqliteError(own, read, "first read for checkpoints");
  }
  Lengthen(sqlite3_filename_wal(path));
  sqlite3_wal_hook(
      writer,
      [](void* self, sqlite3*, const char*, int pages) {
        static_cast<SqliteCheckpoint*>(self)->Committed(pages);
        return SQLITE_OK;
      },
      checkpoint.get());
  checkpoint->thread_ = std::thread([self = checkpoint.get()] { self->Run(); });
  return checkpoint;
}

SqliteCheckpoint::~SqliteCheckpoint() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_one();
  if (thread_.joinable()) thread_.join();
  sqlite3_wal_hook(writer_, nullptr, nullptr);
  sqlite3_close_v2(own_);
}

void SqliteCheckpoint::Committed(int pages) {
  if (pages < kCheckpointAtPages) return;
  {
    std::lock_guard lock(mutex_);
    if (wanted_) return;
    wanted_ = true;
  }
  wake_.notify_one();
}

void SqliteCheckpoint::Finish() {
  if (!finish_.exchange(false)) return;
  // Not an error when it cannot be done now (a reader has an old snapshot): the thread will ask again.
  sqlite3_wal_checkpoint_v2(writer_, nullptr, SQLITE_CHECKPOINT_PASSIVE, nullptr, nullptr);
}

void SqliteCheckpoint::Run() {
  pthread_setname_np(pthread_self(), "sql-checkpoint");
  std::unique_lock lock(mutex_);
  while (true) {
    wake_.wait(lock, [&] { return wanted_ || stopping_; });
    if (stopping_) return;
    lock.unlock();
    const int code = sqlite3_wal_checkpoint_v2(own_, nullptr, SQLITE_CHECKPOINT_PASSIVE, nullptr, nullptr);
    // Whatever was counted as copied: what was appended since then keeps the log from starting over.
    if (code == SQLITE_OK) finish_ = true;
    lock.lock();
    // Still wanted, so that commits do not wake it: a full disk, or a reader with an old snapshot, would keep it busy.
    wake_.wait_for(lock, std::chrono::milliseconds(code == SQLITE_OK ? 20 : 1000), [&] { return stopping_; });
    wanted_ = false;
  }
}

}  // namespace maru::sql
