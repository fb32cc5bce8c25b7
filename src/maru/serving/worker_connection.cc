#include "maru/serving/worker_connection.h"

#include <poll.h>
#include <spdlog/spdlog.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace maru::serving {
namespace {

constexpr std::size_t kHeadBytes = 12;
constexpr std::size_t kHeaderBytesMax = 64 * 1024 * 1024;
constexpr std::size_t kLinesKept = 30;

Status Gone() {
  return Unavailable("the model's worker process ended");
}

}  // namespace

Result<std::unique_ptr<WorkerConnection>> WorkerConnection::Start(WorkerOptions options, const Clock* clock) {
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
    return Unavailable("socketpair: {}", strerror(errno));
  std::unique_ptr<WorkerConnection> connection(new WorkerConnection(ends[0], clock));
  connection->reply_bytes_max_ = options.reply_bytes_max;
  auto child =
      runtime::ChildProcess::Start({.argv = std::move(options.argv),
                                    .environment = {{"PYTHONUNBUFFERED", "1"},
                                                    {"PYTHONDONTWRITEBYTECODE", "1"},
                                                    {"MLFLOW_DISABLE_TELEMETRY", "true"},
                                                    {"DO_NOT_TRACK", "true"}},
                                    .passed_fd = ends[1],
                                    .on_line =
                                        [self = connection.get(), label = options.label](std::string_view line) {
                                          spdlog::info("{}: {}", label, line);
                                          const std::lock_guard lock(self->mutex_);
                                          self->lines_.emplace_back(line);
                                          if (self->lines_.size() > kLinesKept) self->lines_.pop_front();
                                        },
                                    .on_exit = std::move(options.on_exit)});
  close(ends[1]);
  MARU_RETURN_IF_ERROR(child.status());
  connection->child_ = *std::move(child);
  return connection;
}

WorkerConnection::~WorkerConnection() {
  child_.reset();
  close(fd_);
}

std::string WorkerConnection::LastWords() {
  const std::lock_guard lock(mutex_);
  std::string text;
  for (const std::string& line : lines_) text += line + '\n';
  return text;
}

Status WorkerConnection::WaitFor(short events, std::int64_t deadline_ns, const std::atomic<bool>* cancelled) {
  while (true) {
    if (cancelled != nullptr && *cancelled) return Cancelled("the server is stopping");
    const std::int64_t left_ms = (deadline_ns - clock_->MonotonicNs()) / 1'000'000;
    if (left_ms < 0) return DeadlineExceeded("the model did not answer in time");
    pollfd fd{fd_, events, 0};
    const int limit = static_cast<int>(std::min<std::int64_t>(left_ms + 1, cancelled != nullptr ? 100 : 1'000'000));
    const int ready = poll(&fd, 1, limit);
    if (ready > 0) return OkStatus();  // an error or hang-up shows at the read or write
    if (ready < 0 && errno != EINTR) return Unavailable("poll: {}", strerror(errno));
  }
}

Status WorkerConnection::Send(std::string_view header, std::span<const std::string_view> pieces,
                              std::int64_t deadline_ns) {
  std::uint64_t payload = 0;
  for (const std::string_view piece : pieces) payload += piece.size();
  const auto header_bytes = static_cast<std::uint32_t>(header.size());
  char head[kHeadBytes];
  std::memcpy(head, &header_bytes, 4);
  std::memcpy(head + 4, &payload, 8);

  std::vector<iovec> parts;  // straight from where the tensors lie
  const auto add = [&](std::string_view text) {
    if (!text.empty()) parts.push_back({const_cast<char*>(text.data()), text.size()});
  };
  add({head, kHeadBytes});
  add(header);
  for (const std::string_view piece : pieces) add(piece);

  std::size_t next = 0;
  while (next < parts.size()) {
    msghdr message{};
    message.msg_iov = &parts[next];
    message.msg_iovlen = std::min<std::size_t>(parts.size() - next, 512);
    const ssize_t sent = sendmsg(fd_, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent < 0) {
      if (errno == EINTR) continue;
      if (errno != EAGAIN && errno != EWOULDBLOCK) return Gone();
      MARU_RETURN_IF_ERROR(WaitFor(POLLOUT, deadline_ns, nullptr));
      continue;
    }
    std::size_t done = static_cast<std::size_t>(sent);
    while (next < parts.size() && done >= parts[next].iov_len) done -= parts[next++].iov_len;
    if (next < parts.size()) {
      parts[next].iov_base = static_cast<char*>(parts[next].iov_base) + done;
      parts[next].iov_len -= done;
    }
  }
  return OkStatus();
}

Status WorkerConnection::ReadAll(std::byte* to, std::size_t bytes, std::int64_t deadline_ns,
                                 const std::atomic<bool>* cancelled) {
  while (bytes > 0) {
    const ssize_t count = recv(fd_, to, bytes, MSG_DONTWAIT);
    if (count > 0) {
      to += count;
      bytes -= static_cast<std::size_t>(count);
      continue;
    }
    if (count == 0) return Gone();
    if (errno == EINTR) continue;
    if (errno != EAGAIN && errno != EWOULDBLOCK) return Gone();
    MARU_RETURN_IF_ERROR(WaitFor(POLLIN, deadline_ns, cancelled));
  }
  return OkStatus();
}

Result<WorkerReply> WorkerConnection::Receive(std::int64_t deadline_ns, const std::atomic<bool>* cancelled) {
  std::byte head[kHeadBytes];
  MARU_RETURN_IF_ERROR(ReadAll(head, kHeadBytes, deadline_ns, cancelled));
  std::uint32_t header_bytes = 0;
  std::uint64_t payload_bytes = 0;
  std::memcpy(&header_bytes, head, 4);
  std::memcpy(&payload_bytes, head + 4, 8);
  if (header_bytes > kHeaderBytesMax || payload_bytes > reply_bytes_max_) {
    return Unavailable("the model's worker process sent a reply of {} bytes, more than the {} that are allowed",
                       payload_bytes, reply_bytes_max_);
  }
  WorkerReply reply;
  reply.header.resize(header_bytes);
  MARU_RETURN_IF_ERROR(
      ReadAll(reinterpret_cast<std::byte*>(reply.header.data()), header_bytes, deadline_ns, cancelled));
  reply.payload = std::make_unique_for_overwrite<std::byte[]>(payload_bytes + 1);
  reply.payload_bytes = payload_bytes;
  MARU_RETURN_IF_ERROR(ReadAll(reply.payload.get(), payload_bytes, deadline_ns, cancelled));
  return reply;
}

}  // namespace maru::serving
