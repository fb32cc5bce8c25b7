#include "maru/sql/group_commit.h"

#include <algorithm>
#include <string>
#include <utility>

namespace maru::sql {
namespace {

// Bounds how long a commit waits for those that joined it; more writers than this are never in flight at once.
constexpr std::size_t kGroupMax = 128;

constexpr std::chrono::milliseconds kConnectAgainAfter(200);

// True while this thread runs functions for a group. A Write from inside one could never finish.
thread_local bool t_leading = false;

// What a function gets to see: a connection on which a failed statement is final.
class DoomedAfterFailure final : public Writer {
 public:
  explicit DoomedAfterFailure(Connection& connection) : connection_(connection) {}

  Status Query(std::string_view sql, const Args& args, absl::FunctionRef<Status(const Row&)> on_row) override {
    if (!failure_.ok()) return failure_;
    bool by_caller = false;
    const Status status = connection_.Query(sql, args, [&](const Row& row) {
      const Status s = on_row(row);
      by_caller = !s.ok();
      return s;
    });
    if (!status.ok() && !by_caller) failure_ = status;
    return status;
  }

  Result<std::int64_t> Execute(std::string_view sql, const Args& args) override {
    if (!failure_.ok()) return failure_;
    Result<std::int64_t> changed = connection_.Execute(sql, args);
    if (!changed.ok()) failure_ = changed.status();
    return changed;
  }

  const Status& failure() const { return failure_; }

 private:
  Connection& connection_;
  Status failure_;
};

}  // namespace

struct GroupCommit::Member {
  explicit Member(absl::FunctionRef<Status(Writer&)> w) : write(w) {}
  absl::FunctionRef<Status(Writer&)> write;
  Status result;
  bool done = false;
  std::condition_variable wake;

  void Run(Connection& connection) {
    DoomedAfterFailure writer(connection);
    result = write(writer);
    if (result.ok()) result = writer.failure();
  }
};

GroupCommit::GroupCommit(std::unique_ptr<Connection> connection, Connector connect, std::size_t queue_max)
    : connect_(std::move(connect)), queue_max_(queue_max), connection_(std::move(connection)) {}

Status GroupCommit::Write(absl::FunctionRef<Status(Writer&)> write) {
  if (t_leading) return Internal("a write was started from inside another write");
  Member self(write);
  std::unique_lock lock(mutex_);
  if (queue_.size() >= queue_max_) {
    return ResourceExhausted("{} writes are waiting for the database already; try again later", queue_.size());
  }
  queue_.push_back(&self);
  self.wake.wait(lock, [&] { return self.done || queue_.front() == &self; });
  if (self.done) return self.result;

  const std::vector<Member*> group(queue_.begin(), queue_.begin() + std::min(queue_.size(), kGroupMax));
  lock.unlock();
  t_leading = true;
  Lead(group);
  t_leading = false;
  lock.lock();
  queue_.erase(queue_.begin(), queue_.begin() + group.size());
  if (!queue_.empty()) queue_.front()->wake.notify_one();
  for (Member* member : group) {
    if (member == &self) continue;
    member->done = true;
    member->wake.notify_one();
  }
  return self.result;
}

void GroupCommit::Lead(const std::vector<Member*>& group) {
  // A session that turns out to be lost is replaced once: the engine may have been restarted since the last write.
  for (int attempt = 0; attempt < 2; ++attempt) {
    if (connection_ == nullptr || connection_->Broken()) {
      if (const Status status = Reconnect(); !status.ok()) {
        for (Member* member : group) member->result = status;
        return;
      }
    }
    if (Attempt(group)) break;
  }
  if (!connection_->Broken()) connection_->BetweenTransactions();
}

Status GroupCommit::Reconnect() {
  connection_.reset();  // first, so that the lock it held is free
  // While the engine is away, writers are told so at once instead of queueing up behind connection timeouts.
  if (std::chrono::steady_clock::now() < connect_again_) return connect_failure_;
  auto fresh = connect_();
  if (!fresh.ok()) {
    // Whatever keeps us out now is expected to pass, even another server's lock: we had it before.
    connect_failure_ = Unavailable("{}", std::string(fresh.status().message()));
    connect_again_ = std::chrono::steady_clock::now() + kConnectAgainAfter;
    return connect_failure_;
  }
  connection_ = *std::move(fresh);
  return OkStatus();
}

bool GroupCommit::Attempt(const std::vector<Member*>& group) {
  Connection& connection = *connection_;
  const auto fail_all = [&](const Status& status) {
    for (Member* member : group) member->result = status;
    if (!connection.Broken()) connection.Rollback();
    return !connection.Broken();
  };

  if (const Status status = connection.BeginWrite(); !status.ok()) return fail_all(status);
  bool anything = false;
  const bool alone = group.size() == 1;
  for (Member* member : group) {
    if (!alone) {
      if (const Status status = connection.Savepoint(); !status.ok()) return fail_all(status);
    }
    member->Run(connection);
    if (connection.Broken() || !connection.InTransaction()) {
      // The engine dropped the transaction, and the others' changes with it.
      return fail_all(member->result.ok() ? Unavailable("the database dropped the transaction") : member->result);
    }
    if (member->result.ok()) {
      anything = true;
      if (alone) break;
      if (const Status status = connection.ReleaseSavepoint(); !status.ok()) return fail_all(status);
    } else if (!alone) {
      if (const Status status = connection.RollbackToSavepoint(); !status.ok()) return fail_all(status);
    }
  }
  if (!anything) {
    connection.Rollback();
    return true;
  }
  if (const Status status = connection.Commit(); !status.ok()) {
    for (Member* member : group) {
      if (member->result.ok()) member->result = status;
    }
    if (!connection.Broken()) connection.Rollback();
  }
  return true;  // asked for: never a second time
}

}  // namespace maru::sql
