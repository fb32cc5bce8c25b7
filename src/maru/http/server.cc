#include "maru/http/server.h"

#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/ssl/context.hpp>

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <vector>

#include "maru/http/connection.h"
#include "maru/http/worker.h"
#include "maru/runtime/thread_pool.h"

namespace maru::http {
namespace {

using Acceptor = asio::basic_socket_acceptor<asio::ip::tcp, Executor>;

// A deadline is noticed at most this much later: a fraction of the shortest timeout.
SteadyClock::duration SweepInterval(const ServerOptions& options) {
  const auto shortest = std::min({options.header_timeout, options.body_timeout, options.idle_timeout});
  return std::clamp(shortest / 8, std::chrono::milliseconds(5), std::chrono::milliseconds(500));
}

Result<std::unique_ptr<asio::ssl::context>> LoadTls(const ServerOptions& options) {
  auto tls = std::make_unique<asio::ssl::context>(asio::ssl::context::tls_server);
  tls->set_options(asio::ssl::context::default_workarounds | asio::ssl::context::no_sslv2 |
                   asio::ssl::context::no_sslv3 | asio::ssl::context::no_tlsv1 | asio::ssl::context::no_tlsv1_1 |
                   asio::ssl::context::no_compression);
  error_code error;
  tls->use_certificate_chain_file(options.tls_certificate_file, error);
  if (error) return InvalidArgument("TLS certificate {}: {}", options.tls_certificate_file, error.message());
  tls->use_private_key_file(options.tls_key_file, asio::ssl::context::pem, error);
  if (error) return InvalidArgument("TLS key {}: {}", options.tls_key_file, error.message());
  if (SSL_CTX_check_private_key(tls->native_handle()) != 1) {
    return InvalidArgument("TLS key {} does not belong to certificate {}", options.tls_key_file,
                           options.tls_certificate_file);
  }
  return tls;
}

class ServerImpl final : public Server {
 public:
  ServerImpl(const ServerOptions& options, const Router& router, Gatekeeper* gatekeeper, Observer observer,
             std::unique_ptr<asio::ssl::context> tls)
      : tls_(std::move(tls)),
        pool_(std::make_unique<runtime::ThreadPool>(
            runtime::ThreadPoolOptions{.name = "sql",
                                       .threads_max = static_cast<std::size_t>(std::max(1, options.handler_threads)),
                                       .queue_max = options.handler_queue_max})),
        core_{.options = options,
              .router = router,
              .gatekeeper = gatekeeper,
              .observer = std::move(observer),
              .pool = *pool_,
              .tls = tls_.get(),
              .on_closed = [this] { OnClosed(); }} {
    for (int i = 0; i < std::max(1, options.io_threads); ++i) {
      workers_.push_back(std::make_shared<Worker>(SweepInterval(options)));
    }
    acceptor_ = std::make_unique<Acceptor>(workers_[0]->context());
    room_ = std::make_unique<Timer>(workers_[0]->context());
  }

  ~ServerImpl() override {
    core_.stopping = true;
    StopAccepting();
    for (const auto& worker : workers_) {
      asio::post(worker->context(), [worker = worker.get()] {
        worker->AbortAll();
        worker->Release();
      });
    }
    for (const auto& worker : workers_) worker->Join();  // waits for handlers that are running
    pool_.reset();
    acceptor_.reset();
    room_.reset();
  }

  Status Listen() {
    error_code error;
    asio::ip::tcp::resolver resolver(workers_[0]->context());
    const auto found = resolver.resolve(core_.options.address, std::to_string(core_.options.port),
                                        asio::ip::tcp::resolver::passive, error);
    if (error || found.empty()) {
      return InvalidArgument("cannot listen on {}: {}", core_.options.address, error.message());
    }
    const asio::ip::tcp::endpoint endpoint = found.begin()->endpoint();
    acceptor_->open(endpoint.protocol(), error);
    if (!error) acceptor_->set_option(asio::socket_base::reuse_address(true), error);
    if (!error) acceptor_->bind(endpoint, error);
    if (!error) acceptor_->listen(asio::socket_base::max_listen_connections, error);
    if (error) {
      return Unavailable("cannot listen on {}:{}: {}", core_.options.address, core_.options.port, error.message());
    }
    port_ = acceptor_->local_endpoint(error).port();
    asio::co_spawn(workers_[0]->context(), Accept(*this), asio::detached);
    return OkStatus();
  }

  void Start() {
    for (const auto& worker : workers_) worker->Start();
  }

  std::uint16_t port() const override { return port_; }

  void Drain(std::chrono::milliseconds grace) override {
    core_.draining = true;
    StopAccepting();
    for (const auto& worker : workers_) {
      asio::post(worker->context(), [worker = worker.get()] { worker->CloseIdle(); });
    }
    std::unique_lock lock(mutex_);
    all_closed_.wait_for(lock, grace, [this] { return open_ == 0; });
  }

 private:
  static Task<void> Accept(ServerImpl& server) {
    ServerCore& core = server.core_;
    for (std::size_t next = 0; server.acceptor_->is_open(); ++next) {
      error_code error;
      if (server.IsFull()) {
        // Those who wait stay in the kernel's queue, and are refused there when it is full.
        server.room_->expires_at(SteadyClock::time_point::max());
        if (server.IsFull()) co_await server.room_->async_wait(asio::redirect_error(kAwait, error));
        continue;
      }
      const std::shared_ptr<Worker>& worker = server.workers_[next % server.workers_.size()];
      Socket socket = co_await server.acceptor_->async_accept(worker->context(), asio::redirect_error(kAwait, error));
      if (!error) {
        server.Opened();
        Serve(std::move(socket), core, worker);
      } else if (error != asio::error::operation_aborted && error != asio::error::connection_aborted) {
        // Out of descriptors, most likely: some come back as connections end.
        Timer pause(server.workers_[0]->context(), std::chrono::milliseconds(50));
        co_await pause.async_wait(asio::redirect_error(kAwait, error));
      }
    }
  }

  void StopAccepting() {
    asio::post(workers_[0]->context(), [this] {
      error_code ignored;
      acceptor_->close(ignored);
      room_->cancel();
    });
  }

  bool IsFull() {
    std::lock_guard lock(mutex_);
    return open_ >= core_.options.connections_max;
  }
  void Opened() {
    std::lock_guard lock(mutex_);
    ++open_;
  }
  void OnClosed() {
    std::lock_guard lock(mutex_);
    if (open_-- == core_.options.connections_max) {
      asio::post(workers_[0]->context(), [this] { room_->cancel(); });
    }
    if (open_ == 0) all_closed_.notify_all();
  }

  const std::unique_ptr<asio::ssl::context> tls_;
  std::unique_ptr<runtime::ThreadPool> pool_;
  ServerCore core_;
  std::vector<std::shared_ptr<Worker>> workers_;
  std::unique_ptr<Acceptor> acceptor_;  // on the first worker's thread, like room_
  std::unique_ptr<Timer> room_;         // cancelled when a connection ends and another may be accepted
  std::uint16_t port_ = 0;
  std::mutex mutex_;
  std::condition_variable all_closed_;
  std::size_t open_ = 0;
};

}  // namespace

Result<std::unique_ptr<Server>> Server::Start(const ServerOptions& options, const Router& router,
                                              Gatekeeper* gatekeeper, Observer observer) {
  std::unique_ptr<asio::ssl::context> tls;
  if (options.tls_certificate_file.empty() != options.tls_key_file.empty()) {
    return InvalidArgument("TLS needs both a certificate and a key");
  }
  if (!options.tls_certificate_file.empty()) {
    MARU_ASSIGN_OR_RETURN(tls, LoadTls(options));
  }
  auto server = std::make_unique<ServerImpl>(options, router, gatekeeper, std::move(observer), std::move(tls));
  const Status listening = server->Listen();
  server->Start();  // even to stop again: the threads run what Listen began
  MARU_RETURN_IF_ERROR(listening);
  return server;
}

}  // namespace maru::http
