#include "maru/sql/group_commit.h"

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
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
  // A futex instead of a condition variable: whoever is woken need not take the queue's mutex first, behind everybody
  // else who was woken with it.
  enum State : std::uint32_t { kWaiting, kLeads, kDone };

  explicit Member(absl::FunctionRef<Status(Writer&)> w) : write(w) {}

  State Wait() {
    std::uint32_t now;
    while ((now = state.load(std::memory_order_acquire)) == kWaiting) {
      syscall(SYS_futex, &state, FUTEX_WAIT_PRIVATE, kWaiting, nullptr, nullptr, 0);
    }
    return static_cast<State>(now);
  }

  // After kDone the member is its own thread's again, and may be gone when the kernel is asked to wake its address;
  // then at worst some other futex there wakes for nothing, which all of them must bear.
  void Become(State now) {
    state.store(now, std::memory_order_release);
    syscall(SYS_futex, &state, FUTEX_WAKE_PRIVATE, 1, nullptr, nullptr, 0);
  }

  absl::FunctionRef<Status(Writer&)> write;
  Status result;
  std::atomic<std::uint32_t> state = kWaiting;

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
  {
    std::lock_guard lock(mutex_);
    if (queue_.size() >= queue_max_) {
      return ResourceExhausted("{} writes are waiting for the database already; try again later", queue_.size());
    }
    queue_.push_back(&self);
    if (queue_.front() == &self) self.state = Member::kLeads;
  }
  if (self.Wait() == Member::kDone) return self.result;

  std::vector<Member*> group;
  {
    std::lock_guard lock(mutex_);
    group.assign(queue_.begin(), queue_.begin() + std::min(queue_.size(), kGroupMax));
  }
  t_leading = true;
  Lead(group);
  t_leading = false;
  Member* next = nullptr;
  {
    std::lock_guard lock(mutex_);
    queue_.erase(queue_.begin(), queue_.begin() + group.size());
    if (!queue_.empty()) next = queue_.front();
  }
  if (next != nullptr) next->Become(Member::kLeads);  // first, so that the disk is never idle
  for (Member* member : group) {
    if (member != &self) member->Become(Member::kDone);
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
    connection_->BetweenTransactions();
    if (Attempt(group)) break;
  }
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
