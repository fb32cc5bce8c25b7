// What a connection's coroutine awaits: its socket, plain or TLS, and whatever else may wake it. Included by
// connection_impl.h only.
//
// One coroutine runs the connection. Whatever it waits for besides its socket (a pool thread, a handler that answers
// later, a live source) sets a field on the worker's thread and calls Wake; the coroutine looks again. So there is one
// place to be woken, and a late or double wake does no harm.
#pragma once

#include <netinet/tcp.h>
#include <sys/socket.h>

#include <boost/asio/async_result.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/ssl/stream.hpp>

#include <algorithm>
#include <array>
#include <memory>
#include <span>
#include <string>
#include <utility>

#include "maru/http/connection.h"
#include "maru/http/read_buffer.h"

namespace maru::http {

inline constexpr std::size_t kHeadReadBytes = 4 * 1024;  // an idle connection holds no more
inline constexpr std::size_t kBodyReadBytes = 64 * 1024;
inline constexpr auto kNever = SteadyClock::time_point::max();
inline constexpr auto kPoolRetry = std::chrono::milliseconds(10);

template <typename Stream>
class Line : public Connection, public std::enable_shared_from_this<Line<Stream>> {
 public:
  static constexpr bool kPlain = std::is_same_v<Stream, Socket>;

  Line(Stream stream, ServerCore& core, std::shared_ptr<Worker> worker)
      : core_(core), worker_(std::move(worker)), stream_(std::move(stream)) {}

  void CheckDeadline(SteadyClock::time_point now) override {
    if (now < deadline_) return;
    timed_out_ = true;
    Cancel();
  }
  void CloseIfIdle() override {
    if (idle_) Cancel();
  }
  void Abort() override {
    aborted_ = true;
    Cancel();
    WakeFromAnywhere();
  }

  // The coroutine looks again at what it waits for. From any thread.
  void WakeFromAnywhere() {
    asio::post(worker_->context(), [weak = this->weak_from_this()] {
      if (const auto self = weak.lock()) self->Wake();
    });
  }

 protected:
  struct Waiter {
    virtual ~Waiter() = default;
    virtual void Resume() = 0;
  };

  Socket& socket() {
    if constexpr (kPlain) {
      return stream_;
    } else {
      return stream_.next_layer();
    }
  }
  void Cancel() {
    error_code ignored;
    socket().cancel(ignored);
  }

  // --- Waiting ---

  template <typename Handler>
  struct WaiterOf final : Waiter {
    explicit WaiterOf(Handler h) : handler(std::move(h)) {}
    void Resume() override { handler(); }
    Handler handler;
  };

  Task<void> Wait() {
    return asio::async_initiate<const asio::use_awaitable_t<Executor>, void()>(
        [this](auto handler) { waiter_ = std::make_unique<WaiterOf<decltype(handler)>>(std::move(handler)); }, kAwait);
  }
  void Wake() {
    if (const std::unique_ptr<Waiter> waiter = std::move(waiter_)) waiter->Resume();
  }

  // Runs `work` on the pool; false when the pool is full. The coroutine must not end before AwaitPool returned.
  template <typename Work>
  bool StartOnPool(Work& work) {
    pool_done_ = false;
    return core_.pool.TrySubmit([this, &work] {
      work();
      asio::post(worker_->context(), [this] {
        pool_done_ = true;
        Wake();
      });
    });
  }
  Task<void> AwaitPool() {
    while (!pool_done_) co_await Wait();
  }
  template <typename Work>
  Task<bool> OnPool(Work& work) {
    if (!StartOnPool(work)) co_return false;
    co_await AwaitPool();
    co_return true;
  }
  // For the later pieces of a stream: half of it is through already, so a full pool is waited for.
  template <typename Work>
  Task<bool> StartOnPoolPatiently(Work& work) {
    const auto give_up = SteadyClock::now() + core_.options.body_timeout;
    while (!StartOnPool(work)) {
      if (aborted_ || SteadyClock::now() > give_up) co_return false;
      Timer timer(worker_->context(), kPoolRetry);
      error_code ignored;
      co_await timer.async_wait(asio::redirect_error(kAwait, ignored));
    }
    co_return true;
  }

  // --- Socket ---

  void ReadInBackground() {
    background_read_ = true;
    const std::span<char> space = buffer_.Prepare(kHeadReadBytes);
    stream_.async_read_some(asio::buffer(space.data(), space.size()),
                            [self = this->shared_from_this()](error_code error, std::size_t bytes) {
                              self->background_read_ = false;
                              self->client_gone_ = bool(error);
                              if (!error) self->buffer_.Commit(bytes);
                              self->Wake();
                            });
  }

  // Reads once, until `deadline`. 0 when nothing comes any more; timed_out_ says whether that is why.
  Task<std::size_t> Read(std::span<char> space, SteadyClock::time_point deadline) {
    if (aborted_) co_return 0;
    timed_out_ = false;
    deadline_ = deadline;
    error_code error;
    const std::size_t bytes =
        co_await stream_.async_read_some(asio::buffer(space.data(), space.size()), asio::redirect_error(kAwait, error));
    deadline_ = kNever;
    co_return error ? 0 : bytes;
  }

  // Reads once into buffer_.
  Task<bool> Fill(std::size_t bytes, SteadyClock::time_point deadline) {
    if (background_read_) {
      timed_out_ = false;
      deadline_ = deadline;
      while (background_read_) co_await Wait();
      deadline_ = kNever;
      co_return !client_gone_;
    }
    const std::size_t got = co_await Read(buffer_.Prepare(bytes), deadline);
    buffer_.Commit(got);
    co_return got > 0;
  }

  SteadyClock::time_point BodyDeadline() const { return SteadyClock::now() + core_.options.body_timeout; }

  // What fits into the socket's buffer without waiting. Called while no other write is under way, from the pool too:
  // the reply is on its way to the client before this worker wakes up.
  std::size_t SendNow(std::string_view first, std::string_view second) {
    if constexpr (!kPlain) return 0;
    iovec parts[2] = {{const_cast<char*>(first.data()), first.size()},
                      {const_cast<char*>(second.data()), second.size()}};
    msghdr message{};
    message.msg_iov = parts;
    message.msg_iovlen = second.empty() ? 1 : 2;
    const ssize_t sent = ::sendmsg(socket().native_handle(), &message, MSG_NOSIGNAL | MSG_DONTWAIT);
    return sent > 0 ? static_cast<std::size_t>(sent) : 0;
  }

  static void Advance(std::string_view& first, std::string_view& second, std::size_t bytes) {
    const std::size_t of_first = std::min(bytes, first.size());
    first.remove_prefix(of_first);
    second.remove_prefix(bytes - of_first);
  }

  // False when the client is gone, or does not take anything for body_timeout.
  Task<bool> Send(std::string_view first, std::string_view second = {}) {
    bytes_out_ += first.size() + second.size();
    Advance(first, second, SendNow(first, second));
    while (!first.empty() || !second.empty()) {
      if (aborted_) co_return false;
      error_code error;
      deadline_ = BodyDeadline();
      const std::array<asio::const_buffer, 2> parts = {asio::buffer(first.data(), first.size()),
                                                       asio::buffer(second.data(), second.size())};
      const std::size_t bytes = co_await stream_.async_write_some(parts, asio::redirect_error(kAwait, error));
      deadline_ = kNever;
      if (error) co_return false;
      Advance(first, second, bytes);
    }
    co_return true;
  }

  // A live stream may be silent for hours: the kernel notices a peer that vanished without a word.
  void KeepProbing() {
    const int on = 1, idle_s = 60, interval_s = 15, probes = 4;
    const int fd = socket().native_handle();
    ::setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
    ::setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle_s, sizeof(idle_s));
    ::setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &interval_s, sizeof(interval_s));
    ::setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &probes, sizeof(probes));
  }

  ServerCore& core_;
  const std::shared_ptr<Worker> worker_;
  Stream stream_;
  ReadBuffer buffer_;
  std::uint64_t bytes_out_ = 0;                // of the exchange under way
  SteadyClock::time_point deadline_ = kNever;  // of the socket operation under way
  bool timed_out_ = false;
  bool idle_ = false;     // between requests
  bool aborted_ = false;  // end as soon as possible
  bool background_read_ = false;
  bool client_gone_ = false;
  bool pool_done_ = false;

 private:
  std::unique_ptr<Waiter> waiter_;
};

}  // namespace maru::http
