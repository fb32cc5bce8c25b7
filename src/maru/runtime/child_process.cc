#include "maru/runtime/child_process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <future>
#include <mutex>
#include <thread>

#include "maru/runtime/thread_pool.h"

extern char** environ;

namespace maru::runtime {
namespace {

constexpr int kPassedFd = 3;
constexpr int kReportFd = 4;
constexpr std::size_t kLineMax = 16 * 1024;  // longer lines come in pieces

class Fd {
 public:
  explicit Fd(int fd = -1) : fd_(fd) {}
  Fd(Fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Fd& operator=(Fd&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~Fd() {
    if (fd_ >= 0) close(fd_);
  }
  int get() const { return fd_; }
  void reset() { Fd gone(std::exchange(fd_, -1)); }

 private:
  int fd_;
};

struct Pipe {
  Fd read, write;
  bool Open() {
    int fds[2];
    if (pipe2(fds, O_CLOEXEC) != 0) return false;
    read = Fd(fds[0]);
    write = Fd(fds[1]);
    return true;
  }
};

// Everything the child needs between fork and exec, made before: after fork in a process with threads only
// async-signal-safe calls are allowed.
struct Launch {
  std::string program;
  std::vector<char*> argv, envp;
  const char* folder = nullptr;
  int null_fd, output_fd, report_fd, passed_fd;
  pid_t parent;
};

[[noreturn]] void Fail(const Launch& launch) {
  const int error = errno;
  [[maybe_unused]] const ssize_t written = write(launch.report_fd, &error, sizeof(error));
  _exit(127);
}

[[noreturn]] void RunChild(Launch& launch) {
  setpgid(0, 0);
  // The signal comes when the thread that forked ends; that one lives as long as the process (see Spawner).
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != launch.parent) _exit(127);  // it ended before the line above

  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  for (int number : {SIGPIPE, SIGINT, SIGTERM, SIGHUP, SIGCHLD}) signal(number, SIG_DFL);

  // First out of the way of the places they go to.
  for (int* fd : {&launch.null_fd, &launch.output_fd, &launch.report_fd, &launch.passed_fd}) {
    if (*fd >= 0 && (*fd = fcntl(*fd, F_DUPFD_CLOEXEC, 10)) < 0) _exit(127);
  }
  if (dup2(launch.null_fd, 0) < 0 || dup2(launch.output_fd, 1) < 0 || dup2(launch.output_fd, 2) < 0) Fail(launch);
  if (launch.passed_fd >= 0) {
    if (dup2(launch.passed_fd, kPassedFd) < 0) Fail(launch);
  } else {
    close(kPassedFd);
  }
  if (dup3(launch.report_fd, kReportFd, O_CLOEXEC) < 0) Fail(launch);
  launch.report_fd = kReportFd;
  close_range(kReportFd + 1, ~0U, 0);
  if (launch.folder != nullptr && chdir(launch.folder) != 0) Fail(launch);
  execve(launch.program.c_str(), launch.argv.data(), launch.envp.data());
  Fail(launch);
}

// Forks on one thread that never ends, because the kernel ties a child's death signal to the thread that made it.
pid_t Fork(Launch& launch, int& error) {
  static ThreadPool* const spawner = new ThreadPool({.name = "spawn", .threads_max = 1, .queue_max = 1024});
  std::promise<std::pair<pid_t, int>> result;
  const bool taken = spawner->TrySubmit([&] {
    const pid_t pid = fork();
    if (pid == 0) RunChild(launch);
    result.set_value({pid, errno});
  });
  if (!taken) {
    error = EAGAIN;
    return -1;
  }
  const auto [pid, reason] = result.get_future().get();
  error = reason;
  return pid;
}

}  // namespace

std::optional<std::string> FindProgram(const std::string& program) {
  if (program.find('/') != std::string::npos) {
    return access(program.c_str(), X_OK) == 0 ? std::optional(program) : std::nullopt;
  }
  const char* const path = std::getenv("PATH");
  std::string_view rest = path != nullptr ? path : "/usr/local/bin:/usr/bin:/bin";
  while (!rest.empty()) {
    const std::size_t colon = rest.find(':');
    const std::string candidate = std::string(rest.substr(0, colon)) + "/" + program;
    if (access(candidate.c_str(), X_OK) == 0) return candidate;
    if (colon == std::string_view::npos) break;
    rest.remove_prefix(colon + 1);
  }
  return std::nullopt;
}

struct ChildProcess::State {
  pid_t pid = -1;
  Fd pidfd, output, wake;
  std::function<void(std::string_view)> on_line;
  std::function<void()> on_exit;
  std::mutex mutex;
  std::optional<int> exit_status;
  std::thread reader;

  // Needs the mutex.
  void Reap() {
    if (exit_status) return;
    int status = 0;
    if (waitpid(pid, &status, WNOHANG) != pid) return;
    exit_status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }

  // True when the pipe has ended.
  bool ReadOutput(std::string& line) {
    char piece[8192];
    const ssize_t count = read(output.get(), piece, sizeof(piece));
    if (count < 0) return errno != EINTR && errno != EAGAIN;
    if (count == 0) return true;
    for (const char c : std::string_view(piece, static_cast<std::size_t>(count))) {
      if (c != '\n') line += c;
      if (c == '\n' || line.size() >= kLineMax) Flush(line);
    }
    return false;
  }

  void Flush(std::string& line) {
    if (on_line && !line.empty()) on_line(line);
    line.clear();
  }

  void ReadUntilTheEnd() {
    pthread_setname_np(pthread_self(), "child-out");
    std::string line;
    bool open = true, told = false;
    while (true) {
      pollfd fds[3] = {
          {open ? output.get() : -1, POLLIN, 0}, {told ? -1 : pidfd.get(), POLLIN, 0}, {wake.get(), POLLIN, 0}};
      if (poll(fds, 3, -1) < 0 && errno != EINTR) break;
      if (open && fds[0].revents != 0) {
        open = !ReadOutput(line);
        if (!open) Flush(line);
        continue;  // its last words come before the news of its end
      }
      if (!told && fds[1].revents != 0) {
        told = true;
        if (on_exit) on_exit();
      }
      if (fds[2].revents != 0 || (told && !open)) break;
    }
    Flush(line);
  }
};

ChildProcess::ChildProcess(std::unique_ptr<State> state) : state_(std::move(state)) {}

Result<std::unique_ptr<ChildProcess>> ChildProcess::Start(ChildOptions options) {
  if (options.argv.empty()) return InvalidArgument("there is no program to run");
  const auto program = FindProgram(options.argv[0]);
  if (!program) return NotFound("there is no program \"{}\"", options.argv[0]);

  Pipe output, report;
  const Fd null(open("/dev/null", O_RDONLY | O_CLOEXEC));
  if (!output.Open() || !report.Open() || null.get() < 0) return Unavailable("{}: {}", *program, strerror(errno));

  std::vector<std::string> environment;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text(*entry);
    bool replaced = false;
    for (const auto& [name, value] : options.environment) {
      replaced = replaced || (text.size() > name.size() && text.starts_with(name) && text[name.size()] == '=');
    }
    if (!replaced) environment.emplace_back(text);
  }
  for (const auto& [name, value] : options.environment) environment.push_back(name + "=" + value);

  Launch launch{.program = *program,
                .folder = options.folder.empty() ? nullptr : options.folder.c_str(),
                .null_fd = null.get(),
                .output_fd = output.write.get(),
                .report_fd = report.write.get(),
                .passed_fd = options.passed_fd,
                .parent = getpid()};
  for (std::string& argument : options.argv) launch.argv.push_back(argument.data());
  launch.argv.push_back(nullptr);
  for (std::string& entry : environment) launch.envp.push_back(entry.data());
  launch.envp.push_back(nullptr);

  int error = 0;
  const pid_t pid = Fork(launch, error);
  if (pid < 0) return Unavailable("{} cannot be started: {}", *program, strerror(error));
  report.write.reset();
  output.write.reset();
  int failure = 0;
  if (read(report.read.get(), &failure, sizeof(failure)) == sizeof(failure)) {  // ends at exec
    waitpid(pid, nullptr, 0);
    return NotFound("{} cannot be started: {}", *program, strerror(failure));
  }

  auto state = std::make_unique<State>();
  state->pid = pid;
  state->pidfd = Fd(static_cast<int>(syscall(SYS_pidfd_open, pid, 0)));
  state->output = std::move(output.read);
  state->wake = Fd(eventfd(0, EFD_CLOEXEC));
  state->on_line = std::move(options.on_line);
  state->on_exit = std::move(options.on_exit);
  state->reader = std::thread([s = state.get()] { s->ReadUntilTheEnd(); });
  return std::unique_ptr<ChildProcess>(new ChildProcess(std::move(state)));
}

ChildProcess::~ChildProcess() {
  Kill();
  WaitFor(std::chrono::hours(1));
  const std::uint64_t one = 1;
  [[maybe_unused]] const ssize_t written = write(state_->wake.get(), &one, sizeof(one));
  state_->reader.join();
}

pid_t ChildProcess::pid() const {
  return state_->pid;
}

std::optional<int> ChildProcess::ExitStatus() {
  const std::lock_guard lock(state_->mutex);
  state_->Reap();
  return state_->exit_status;
}

bool ChildProcess::WaitFor(std::chrono::milliseconds limit) {
  pollfd ended{state_->pidfd.get(), POLLIN, 0};
  while (poll(&ended, 1, static_cast<int>(limit.count())) < 0 && errno == EINTR) {
  }
  return ExitStatus().has_value();
}

void ChildProcess::Kill() {
  const std::lock_guard lock(state_->mutex);
  state_->Reap();
  // The group may outlive its leader; its number is not given to another process while a member lives.
  kill(-state_->pid, SIGKILL);
  if (!state_->exit_status) kill(state_->pid, SIGKILL);
}

}  // namespace maru::runtime
