#include "maru/sql/reader_pool.h"

#include <utility>

namespace maru::sql {

ReaderPool::ReaderPool(Connector connect, int readers) : connect_(std::move(connect)), idle_(readers) {}

std::unique_ptr<Connection> ReaderPool::Take() {
  std::unique_lock lock(mutex_);
  returned_.wait(lock, [&] { return !idle_.empty(); });
  std::unique_ptr<Connection> connection = std::move(idle_.back());
  idle_.pop_back();
  return connection;
}

void ReaderPool::Return(std::unique_ptr<Connection> connection) {
  {
    std::lock_guard lock(mutex_);
    if (connection == nullptr) {
      idle_.insert(idle_.begin(), nullptr);  // used last
    } else {
      idle_.push_back(std::move(connection));
    }
  }
  returned_.notify_one();
}

Status ReaderPool::Read(absl::FunctionRef<Status(Reader&)> read) {
  std::unique_ptr<Connection> connection = Take();
  Status status;
  // A session may have been lost while it lay idle: a new one is tried once, unless `read` has seen something already.
  for (int attempt = 0; attempt < 2; ++attempt) {
    if (connection == nullptr) {
      auto fresh = connect_();
      if (!fresh.ok()) {
        status = fresh.status();
        break;
      }
      connection = *std::move(fresh);
    }
    status = connection->BeginRead();
    const bool began = status.ok();
    if (began) {
      status = read(*connection);
      if (!connection->Broken()) connection->Rollback();
    }
    if (!connection->Broken()) break;
    const bool seen = began && !connection->Untouched();
    connection.reset();
    if (seen) break;
  }
  Return(std::move(connection));
  return status;
}

}  // namespace maru::sql
