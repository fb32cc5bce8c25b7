#include "maru/grpc/server.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

namespace maru::grpc {
namespace {

bool CanConnect(std::uint16_t port) {
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const bool connected = connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0;
  close(fd);
  return connected;
}

TEST(GrpcServerTest, PicksAPortAndStops) {
  auto server = Server::Start({}, {});
  ASSERT_TRUE(server.ok()) << server.status();
  const std::uint16_t port = (*server)->port();
  EXPECT_GT(port, 0);
  EXPECT_TRUE(CanConnect(port));
  server->reset();
  EXPECT_FALSE(CanConnect(port));
}

TEST(GrpcServerTest, ATakenPortIsAClearError) {
  auto first = Server::Start({}, {});
  ASSERT_TRUE(first.ok());
  const auto second = Server::Start({.port = (*first)->port()}, {});
  EXPECT_EQ(second.status().code(), absl::StatusCode::kUnavailable);
  EXPECT_NE(second.status().message().find(std::to_string((*first)->port())), std::string::npos);
}

TEST(GrpcServerTest, AMissingCertificateIsNamed) {
  const auto server = Server::Start({.tls_certificate_file = "/no/such.pem", .tls_key_file = "/no/such.key"}, {});
  EXPECT_NE(server.status().message().find("/no/such.pem"), std::string::npos);
}

}  // namespace
}  // namespace maru::grpc
