// One I/O thread: its own io_context, its connections, and the sweep that ends those past their deadline.
//
// A connection lives on one worker from accept to close, so nothing of it needs a lock or a strand. Deadlines are
// plain fields that a sweep compares with the clock: arming a timer for every read would cost more than the read.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <chrono>
#include <memory>
#include <optional>
#include <thread>
#include <unordered_set>

namespace maru::http {

namespace asio = boost::asio;
using boost::system::error_code;

// Asio's types over the one concrete executor used here: the usual type-erased one costs on every operation.
using Executor = asio::io_context::executor_type;
using Socket = asio::basic_stream_socket<asio::ip::tcp, Executor>;
using SteadyClock = std::chrono::steady_clock;
using Timer = asio::basic_waitable_timer<SteadyClock, asio::wait_traits<SteadyClock>, Executor>;
template <typename T>
using Task = asio::awaitable<T, Executor>;
inline constexpr asio::use_awaitable_t<Executor> kAwait;

// What a worker asks of its connections, always on the worker's thread.
class Connection {
 public:
  virtual ~Connection() = default;
  virtual void CheckDeadline(SteadyClock::time_point now) = 0;
  virtual void CloseIfIdle() = 0;
  virtual void Abort() = 0;
};

class Worker {
 public:
  explicit Worker(SteadyClock::duration sweep_interval);

  void Start();
  void Join();  // returns when the last connection has ended; Start must have been called

  // On the worker's own thread:
  void Add(Connection* connection);
  void Remove(Connection* connection) { connections_.erase(connection); }
  void CloseIdle();
  void AbortAll();
  void Release();  // lets the thread end when its connections have

  asio::io_context& context() { return context_; }
  bool OnThread() const { return std::this_thread::get_id() == thread_.get_id(); }

 private:
  void Sweep();

  asio::io_context context_{1};
  std::optional<asio::executor_work_guard<Executor>> guard_;
  Timer sweeper_;
  const SteadyClock::duration sweep_interval_;
  bool sweeping_ = false;
  std::unordered_set<Connection*> connections_;
  std::thread thread_;
};

}  // namespace maru::http
