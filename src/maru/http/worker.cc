#include "maru/http/worker.h"

#include <pthread.h>

namespace maru::http {

Worker::Worker(SteadyClock::duration sweep_interval)
    : guard_(asio::make_work_guard(context_)), sweeper_(context_), sweep_interval_(sweep_interval) {}

void Worker::Start() {
  thread_ = std::thread([this] {
    pthread_setname_np(pthread_self(), "http-io");
    context_.run();
  });
}

void Worker::Join() {
  if (thread_.joinable()) thread_.join();
}

void Worker::Add(Connection* connection) {
  connections_.insert(connection);
  if (!sweeping_) Sweep();
}

void Worker::CloseIdle() {
  for (Connection* connection : connections_) connection->CloseIfIdle();
}

void Worker::AbortAll() {
  for (Connection* connection : connections_) connection->Abort();
}

void Worker::Release() {
  sweeper_.cancel();
  guard_.reset();
}

void Worker::Sweep() {
  sweeping_ = !connections_.empty();
  if (!sweeping_) return;
  sweeper_.expires_after(sweep_interval_);
  sweeper_.async_wait([this](error_code error) {
    if (error) return;
    const SteadyClock::time_point now = SteadyClock::now();
    for (Connection* connection : connections_) connection->CheckDeadline(now);
    Sweep();
  });
}

}  // namespace maru::http
