// One client's connection, from accept to close, as a coroutine on its worker.
#pragma once

#include <boost/asio/ssl/context.hpp>

#include <atomic>
#include <functional>
#include <memory>

#include "maru/http/server.h"
#include "maru/http/worker.h"
#include "maru/runtime/thread_pool.h"

namespace maru::http {

// What all connections of a server share. Outlives them.
struct ServerCore {
  const ServerOptions options;
  const Router& router;
  Gatekeeper* const gatekeeper;  // may be null
  const Observer observer;       // may be empty
  runtime::ThreadPool& pool;
  asio::ssl::context* const tls;          // null without TLS
  const std::function<void()> on_closed;  // called as a connection's last act, on its worker
  std::atomic<bool> draining = false;
  std::atomic<bool> stopping = false;
};

// Starts serving `socket`, which belongs to the worker's io_context. Callable from any thread.
void Serve(Socket socket, ServerCore& core, std::shared_ptr<Worker> worker);

}  // namespace maru::http
