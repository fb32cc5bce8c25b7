// `maru up`: runs the server until SIGTERM or SIGINT.
#include <pthread.h>
#include <signal.h>

#include <cstdio>

#include "maru/base/log.h"
#include "maru/cli/command.h"
#include "maru/cli/settings.h"
#include "maru/server/server.h"

namespace maru::cli {
namespace {

// Blocks the stopping signals in this thread and, by inheritance, in every later one, so that only Wait sees them.
class StopSignals {
 public:
  StopSignals() {
    sigemptyset(&set_);
    sigaddset(&set_, SIGTERM);
    sigaddset(&set_, SIGINT);
    pthread_sigmask(SIG_BLOCK, &set_, nullptr);
    signal(SIGPIPE, SIG_IGN);
  }
  void Wait() {
    int which = 0;
    sigwait(&set_, &which);
  }

 private:
  sigset_t set_;
};

void RunUp(const Settings& settings) {
  const auto config = settings.Load();
  if (!config.ok()) Fail(config.status());
  if (const Status status = log::Configure(config->log_format == "json", config->log_level); !status.ok()) Fail(status);
  StopSignals signals;
  auto server = server::Server::Start(*config);
  if (!server.ok()) Fail(server.status());
  if (const auto password = (*server)->one_time_password()) {
    std::printf("first start with --auth: log in as admin with the one-time password %s, and choose your own\n",
                password->c_str());
  }
  std::printf("maru is ready at %s://%s:%d (gRPC on port %d)\n", config->tls_key.empty() ? "http" : "https",
              config->address.c_str(), (*server)->port(), (*server)->grpc_port());
  std::fflush(stdout);
  signals.Wait();
  log::Info("draining");
  (*server)->Drain(std::chrono::milliseconds(config->drain_timeout_ms));
  server->reset();
  log::Info("stopped");
  log::Flush();
}

}  // namespace

void AddUp(CLI::App& app) {
  CLI::App* command = app.add_subcommand("up", "Run the server");
  command->callback([settings = Settings::AddTo(*command)] { RunUp(*settings); });
}

}  // namespace maru::cli
