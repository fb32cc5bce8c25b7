// The gRPC server: one port for every gRPC wire, with the standard health service (grpc.health.v1) always there.
//
// gRPC's own threads run the handlers; a handler that blocks holds one of them, so services hop to a pool as their HTTP
// twins do. gRPC's headers stay behind this one. Threads: all calls are thread-safe.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "maru/base/status.h"

namespace grpc {
class Service;
}

namespace maru::grpc {

struct ServerOptions {
  std::string address = "127.0.0.1";
  std::uint16_t port = 0;  // 0 picks a free one
  std::size_t message_bytes_max = 64 * 1024 * 1024;
  std::string tls_certificate_file;  // both set: TLS
  std::string tls_key_file;
};

class Server {
 public:
  // The services must outlive the server. kUnavailable when the port is taken.
  static Result<std::unique_ptr<Server>> Start(const ServerOptions& options,
                                               const std::vector<::grpc::Service*>& services);
  virtual ~Server() = default;  // stops at once

  virtual std::uint16_t port() const = 0;
  // Refuses new calls, lets those under way finish, and returns when all are done or `grace` is over.
  virtual void Drain(std::chrono::milliseconds grace) = 0;
};

}  // namespace maru::grpc
