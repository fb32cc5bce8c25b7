// Joins the writes of many threads into few transactions: the first thread that finds no commit under way leads, runs
// everybody's functions one after another on the one writing connection, and commits once for all of them. The manner
// of LevelDB's writer queue (db/db_impl.cc, DBImpl::Write).
//
// Each function runs in a savepoint of its own, so that one that fails leaves no trace and harms nobody. A statement
// that fails dooms its function: later statements return the same error, and so does the write, on every engine alike.
// Threads: thread-safe. Order of commits is the order in which functions ran.
#pragma once

#include <chrono>
#include <deque>
#include <memory>
#include <mutex>
#include <vector>

#include "maru/sql/connection.h"

namespace maru::sql {

class GroupCommit {
 public:
  // `connection` is the one that writes; `connect` replaces it when it is lost.
  GroupCommit(std::unique_ptr<Connection> connection, Connector connect, std::size_t queue_max);

  Status Write(absl::FunctionRef<Status(Writer&)> write);

 private:
  struct Member;

  Status Reconnect();

  // Runs the whole group, and leaves each member's result in it.
  void Lead(const std::vector<Member*>& group);
  // One attempt at a transaction of them all. Returns false when the session broke before the commit was asked for,
  // so that nothing of it can have happened.
  bool Attempt(const std::vector<Member*>& group);

  const Connector connect_;
  const std::size_t queue_max_;
  std::unique_ptr<Connection> connection_;  // the leader's, as are the next two
  std::chrono::steady_clock::time_point connect_again_;
  Status connect_failure_;

  std::mutex mutex_;
  std::deque<Member*> queue_;  // the front leads
};

}  // namespace maru::sql
