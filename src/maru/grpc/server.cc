#include "maru/grpc/server.h"

#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/health_check_service_interface.h>
#include <grpcpp/resource_quota.h>
#include <grpcpp/security/server_credentials.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>

#include <fstream>
#include <sstream>

namespace maru::grpc {
namespace {

constexpr int kThreadsMax = 64;

Result<std::string> ReadFile(const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  if (!in) return NotFound("{}: cannot be read", file);
  std::ostringstream text;
  text << in.rdbuf();
  return std::move(text).str();
}

Result<std::shared_ptr<::grpc::ServerCredentials>> Credentials(const ServerOptions& options) {
  if (options.tls_certificate_file.empty()) return ::grpc::InsecureServerCredentials();
  MARU_ASSIGN_OR_RETURN(std::string certificate, ReadFile(options.tls_certificate_file));
  MARU_ASSIGN_OR_RETURN(std::string key, ReadFile(options.tls_key_file));
  ::grpc::SslServerCredentialsOptions tls;
  tls.pem_key_cert_pairs.push_back({std::move(key), std::move(certificate)});
  return ::grpc::SslServerCredentials(tls);
}

class BuiltServer final : public Server {
 public:
  // Answers UNIMPLEMENTED to what no service knows, and lets a server without services run.
  ::grpc::CallbackGenericService unknown;

  void Adopt(std::unique_ptr<::grpc::Server> server, int port) {
    server_ = std::move(server);
    port_ = port;
  }
  ~BuiltServer() override {
    if (server_) Drain(std::chrono::milliseconds(0));
  }

  std::uint16_t port() const override { return static_cast<std::uint16_t>(port_); }
  void Drain(std::chrono::milliseconds grace) override {
    server_->Shutdown(std::chrono::system_clock::now() + grace);
    server_->Wait();
  }

 private:
  std::unique_ptr<::grpc::Server> server_;
  int port_ = 0;
};

}  // namespace

Result<std::unique_ptr<Server>> Server::Start(const ServerOptions& options,
                                              const std::vector<::grpc::Service*>& services) {
  MARU_ASSIGN_OR_RETURN(const auto credentials, Credentials(options));
  ::grpc::EnableDefaultHealthCheckService(true);
  ::grpc::ResourceQuota quota("maru");
  quota.SetMaxThreads(kThreadsMax);
  ::grpc::ServerBuilder builder;
  builder.SetResourceQuota(quota);
  builder.SetMaxReceiveMessageSize(static_cast<int>(options.message_bytes_max));
  // Two servers on one port would share its connections in silence.
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  int port = 0;
  const bool six = options.address.find(':') != std::string::npos;
  builder.AddListeningPort(fmt::format("{}{}{}:{}", six ? "[" : "", options.address, six ? "]" : "", options.port),
                           credentials, &port);
  for (::grpc::Service* service : services) builder.RegisterService(service);
  auto built = std::make_unique<BuiltServer>();
  builder.RegisterCallbackGenericService(&built->unknown);
  auto server = builder.BuildAndStart();
  if (!server || port == 0) {
    return Unavailable("gRPC cannot listen on {}:{}; is the port taken?", options.address, options.port);
  }
  built->Adopt(std::move(server), port);
  return built;
}

}  // namespace maru::grpc
