// The HTTP/1.1 server: sockets in, handlers called, replies out. Boost.Asio and Beast stay behind this header.
//
// A small pool of I/O threads runs the connections as coroutines; plain handlers run on a bounded pool named "sql".
// Overload is answered at once: 503 with Retry-After when the pool's queue is full, and no accept beyond
// `connections_max`.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "maru/base/status.h"
#include "maru/http/router.h"

namespace maru::http {

// Decides who a request is from and whether it may use the route. Fills request.caller. Called on a pool thread for
// plain and upload routes, on the I/O thread for async ones, so it must answer from memory in the usual case.
class Gatekeeper {
 public:
  virtual ~Gatekeeper() = default;
  virtual Status Admit(Request& request, const Route& route) = 0;
  // Adds what a refusal of Admit needs on the wire besides its body, like WWW-Authenticate. On either kind of thread.
  virtual void Challenge(const Request& request, const Status& refusal, Reply& reply) {
    (void)request, (void)refusal, (void)reply;
  }
};

// Told of each finished request; for logs and metrics. Called on an I/O thread; must not block.
struct Served {
  const Request* request;
  const Route* route;  // null when nothing matched
  int status;
  std::uint64_t bytes_in, bytes_out;
  std::int64_t duration_ns;
};
using Observer = std::function<void(const Served&)>;

struct ServerOptions {
  std::string address = "127.0.0.1";
  std::uint16_t port = 0;  // 0 picks a free one
  int io_threads = 2;
  int handler_threads = 32;  // started as needed
  std::size_t handler_queue_max = 1024;
  std::size_t connections_max = 10'000;
  std::size_t header_bytes_max = 64 * 1024;
  std::size_t body_bytes_max = 128 * 1024 * 1024;    // of bodies held in memory, after decompression; uploads stream
  std::chrono::milliseconds header_timeout{10'000};  // from the first byte of a request to the end of its head
  std::chrono::milliseconds body_timeout{60'000};    // without any progress
  std::chrono::milliseconds idle_timeout{75'000};    // between requests of a kept-alive connection
  std::string tls_certificate_file;                  // both set: TLS, 1.2 at least
  std::string tls_key_file;
};

class Server {
 public:
  // `router` must outlive the server. `gatekeeper` may be null: then everybody is admitted.
  static Result<std::unique_ptr<Server>> Start(const ServerOptions& options, const Router& router,
                                               Gatekeeper* gatekeeper, Observer observer);
  virtual ~Server() = default;  // stops at once

  virtual std::uint16_t port() const = 0;

  // Stops accepting, lets requests under way finish (connections get "Connection: close"), and returns when all are
  // done or `grace` is over, whichever is first.
  virtual void Drain(std::chrono::milliseconds grace) = 0;
};

}  // namespace maru::http
