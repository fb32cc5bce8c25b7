// Composition: opens the stores, plugs the domain's services into each other and into their wires, and listens.
//
// Nothing is decided here; a line of this module says who is connected to whom. Order of life: Start opens everything
// and listens; Drain stops accepting and lets requests under way finish; the destructor closes in reverse order.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "maru/base/status.h"
#include "maru/config/config.h"
#include "maru/http/router.h"

namespace maru::server {

class Server {
 public:
  // kFailedPrecondition when another server owns the data folder or the database.
  static Result<std::unique_ptr<Server>> Start(const config::Config& config);
  // Everything but the listening: for `maru routes` and for offline commands that need the domain.
  static Result<std::unique_ptr<Server>> Compose(const config::Config& config);
  virtual ~Server() = default;

  virtual std::uint16_t port() const = 0;
  virtual std::uint16_t grpc_port() const = 0;
  virtual const http::Router& router() const = 0;
  // Of `admin`, when this start made the first user; to be printed once.
  virtual std::optional<std::string> one_time_password() const = 0;
  virtual void Drain(std::chrono::milliseconds grace) = 0;
};

}  // namespace maru::server
