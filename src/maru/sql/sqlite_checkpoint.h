// Copies the write-ahead log back into the database file in the background, so that no write waits for it.
//
// SQLite's own automatic checkpoint runs inside the commit that crosses the threshold, and that writer waits for the
// copying and its fsync. Here a thread with a session of its own copies while writes go on. What they append meanwhile
// is copied by the writer between two of its transactions: little, and with it the log starts over instead of growing.
//
// Threads: Committed and Finish belong to the writer's thread.
#pragma once

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "maru/base/status.h"

struct sqlite3;

namespace maru::sql {

class SqliteCheckpoint {
 public:
  // `writer` is the writing session, which must outlive this. Also makes the log file as long as it will get, with
  // zeros: fdatasync is several times faster when a write does not make its file longer. SQLite takes zeros for the
  // end of the log.
  static Result<std::unique_ptr<SqliteCheckpoint>> Start(sqlite3* writer);
  ~SqliteCheckpoint();

  // The log has `pages` pages after a commit.
  void Committed(int pages);

  // Between transactions: finishes what the thread has left over, if anything.
  void Finish();

 private:
  SqliteCheckpoint(sqlite3* writer, sqlite3* own) : writer_(writer), own_(own) {}
  void Run();

  sqlite3* const writer_;
  sqlite3* const own_;  // of the thread
  std::atomic<bool> finish_ = false;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool wanted_ = false;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace maru::sql
