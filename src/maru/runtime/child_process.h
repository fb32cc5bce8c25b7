// A program that runs for this one and ends with it.
//
// The child leads a process group of its own, which is killed as a whole; it is killed by the kernel when this process
// ends in whatever way, kill -9 included. It inherits standard input from /dev/null, its output goes line by line to a
// callback, and one descriptor of ours can be passed on as its descriptor 3; every other one is closed.
// Threads: thread-safe. The callbacks run on the child's own reader thread.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "maru/base/status.h"

namespace maru::runtime {

struct ChildOptions {
  std::vector<std::string> argv;                                 // argv[0] is looked for along the PATH
  std::vector<std::pair<std::string, std::string>> environment;  // added to ours
  std::string folder;                                            // working directory; empty: ours
  int passed_fd = -1;                                            // becomes the child's descriptor 3
  std::function<void(std::string_view line)> on_line;  // of its standard output and error, without the line end
  std::function<void()> on_exit;                       // once, soon after it ended
};

class ChildProcess {
 public:
  // kNotFound when there is no such program, kUnavailable when the system has no room for another process.
  static Result<std::unique_ptr<ChildProcess>> Start(ChildOptions options);
  ~ChildProcess();  // kills it when it still runs, and waits
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  pid_t pid() const;
  // How it ended: its exit status, or 128 + the signal that killed it. Nothing while it runs.
  std::optional<int> ExitStatus();
  // True when it has ended within `limit`.
  bool WaitFor(std::chrono::milliseconds limit);
  // Sends SIGKILL to its group. The end is seen by ExitStatus and WaitFor.
  void Kill();

 private:
  struct State;
  explicit ChildProcess(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

// The file that `program` means along the PATH; nothing when there is none that can be run.
std::optional<std::string> FindProgram(const std::string& program);

}  // namespace maru::runtime
