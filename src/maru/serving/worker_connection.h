// One worker process and the socket to it: sends a call, waits for its reply. The frames are described in
// python/maru_worker/frames.py. Threads: one call at a time; Kill from any thread.
#pragma once

#include <atomic>
#include <chrono>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "maru/base/clock.h"
#include "maru/base/status.h"
#include "maru/runtime/child_process.h"

namespace maru::serving {

struct WorkerReply {
  std::string header;                    // JSON
  std::unique_ptr<std::byte[]> payload;  // aligned for every element type
  std::size_t payload_bytes = 0;
};

struct WorkerOptions {
  std::vector<std::string> argv;
  std::string label;              // stands before its lines in the log
  std::function<void()> on_exit;  // from another thread
  std::size_t reply_bytes_max = std::size_t{2} << 30;
};

class WorkerConnection {
 public:
  // Starts the process; it is ready when its first frame has come.
  static Result<std::unique_ptr<WorkerConnection>> Start(WorkerOptions options, const Clock* clock);
  ~WorkerConnection();

  // kUnavailable when the process is gone or talks nonsense; kDeadlineExceeded; kCancelled soon after `cancelled` is
  // true. After any error the connection is of no more use.
  Status Send(std::string_view header, std::span<const std::string_view> pieces, std::int64_t deadline_ns);
  Result<WorkerReply> Receive(std::int64_t deadline_ns, const std::atomic<bool>* cancelled = nullptr);

  bool running() { return !child_->ExitStatus().has_value(); }
  bool WaitForEnd(std::chrono::milliseconds limit) { return child_->WaitFor(limit); }
  void Kill() { child_->Kill(); }
  pid_t pid() const { return child_->pid(); }
  // The last lines that it wrote, for errors.
  std::string LastWords();

 private:
  WorkerConnection(int fd, const Clock* clock) : fd_(fd), clock_(clock) {}
  Status WaitFor(short events, std::int64_t deadline_ns, const std::atomic<bool>* cancelled);
  Status ReadAll(std::byte* to, std::size_t bytes, std::int64_t deadline_ns, const std::atomic<bool>* cancelled);

  const int fd_;
  const Clock* const clock_;
  std::size_t reply_bytes_max_ = 0;
  std::mutex mutex_;
  std::deque<std::string> lines_;
  std::unique_ptr<runtime::ChildProcess> child_;  // first to go: its reader writes the lines
};

}  // namespace maru::serving
