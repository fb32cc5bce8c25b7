#include "maru/object_store/versitygw.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <sstream>

namespace maru::object_store {

VersityGateway::VersityGateway() {
  int in[2], out[2];
  // Close-on-exec, or a later server would hold this one's input open and keep it alive.
  if (::pipe2(in, O_CLOEXEC) != 0 || ::pipe2(out, O_CLOEXEC) != 0) std::abort();
  script_ = ::fork();
  if (script_ == 0) {
    ::dup2(in[0], STDIN_FILENO);
    ::dup2(out[1], STDOUT_FILENO);
    ::execl(MARU_TESTS_DIR "/servers/versitygw", "versitygw", nullptr);
    std::perror("run " MARU_TESTS_DIR "/servers/versitygw");
    ::_exit(127);
  }
  ::close(in[0]);
  ::close(out[1]);
  script_stdin_ = in[1];
  std::string line;
  char c;
  while (::read(out[0], &c, 1) == 1 && c != '\n') line += c;
  ::close(out[0]);
  std::istringstream(line) >> endpoint_ >> access_ >> secret_ >> server_;
  if (server_ <= 0) {
    std::fprintf(stderr, "tests/servers/versitygw did not start an S3 server; its messages are above\n");
    std::abort();
  }
}

VersityGateway::~VersityGateway() {
  ::close(script_stdin_);
  ::waitpid(script_, nullptr, 0);
}

VersityGateway& VersityGateway::Shared() {
  static VersityGateway server;
  return server;
}

S3Options VersityGateway::Options(std::string prefix) const {
  return {.bucket = "maru", .prefix = std::move(prefix), .endpoint = endpoint_, .credentials = {access_, secret_, ""}};
}

void VersityGateway::Kill() {
  ::kill(server_, SIGKILL);
}

}  // namespace maru::object_store
