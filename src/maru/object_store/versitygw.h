// A real S3 server for tests, started by tests/servers/versitygw; it ends when this does.
#pragma once

#include <sys/types.h>

#include <string>

#include "maru/object_store/s3_client.h"

namespace maru::object_store {

class VersityGateway {
 public:
  // Aborts the test program when the server does not start: a missing server must not look like a pass.
  VersityGateway();
  ~VersityGateway();

  // The server that tests of one program share.
  static VersityGateway& Shared();

  // Its bucket "maru", below `prefix`.
  S3Options Options(std::string prefix) const;
  std::string endpoint() const { return endpoint_; }
  // Ends the server's process the hard way, for tests of what happens when it is away.
  void Kill();

 private:
  pid_t script_ = -1;
  int script_stdin_ = -1;
  std::string endpoint_, access_, secret_;
  pid_t server_ = -1;
};

}  // namespace maru::object_store
