// A fixed number of sessions that read, each from a snapshot of its own; a caller waits when all are taken.
// Threads: thread-safe.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <vector>

#include "maru/sql/connection.h"

namespace maru::sql {

class ReaderPool {
 public:
  // Sessions are opened when first needed, at most `readers` of them.
  ReaderPool(Connector connect, int readers);

  Status Read(absl::FunctionRef<Status(Reader&)> read);

 private:
  std::unique_ptr<Connection> Take();  // null: open one
  void Return(std::unique_ptr<Connection> connection);

  const Connector connect_;
  std::mutex mutex_;
  std::condition_variable returned_;
  std::vector<std::unique_ptr<Connection>> idle_;  // last used on top, so that its caches are warm
};

}  // namespace maru::sql
