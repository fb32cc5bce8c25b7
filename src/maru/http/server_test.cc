#include "maru/http/server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <latch>
#include <mutex>
#include <thread>

#include "maru/http/gzip.h"
#include "maru/http/test_client.h"

namespace maru::http {
namespace {

using std::chrono::milliseconds;
using ::testing::HasSubstr;

// A wire of its own, so that tests see whose shape an error has.
Reply FormatError(const Status& status, const Request&) {
  Reply reply = Reply::Text(std::string("wire: ") + std::string(status.message()));
  reply.status = absl::IsUnauthenticated(status)    ? 401
                 : absl::IsPermissionDenied(status) ? 403
                 : absl::IsInvalidArgument(status)  ? 400
                 : absl::IsNotFound(status)         ? 404
                 : absl::IsUnavailable(status)      ? 503
                                                    : 500;
  return reply;
}

class ServerTest : public ::testing::Test {
 protected:
  template <typename H>
  void Add(Verb verb, std::string path, H handler, Permission permission = Permission::kView) {
    router_.Add({verb, std::move(path), permission, std::move(handler), FormatError});
  }

  void Start() {
    auto server = Server::Start(options_, router_, gatekeeper_, [this](const Served& served) {
      std::lock_guard lock(mutex_);
      served_.push_back(served.status);
    });
    ASSERT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
  }

  std::uint16_t port() const { return server_->port(); }

  static Handler Echo() {
    return [](const Request& request) -> Result<Reply> {
      return Reply::Text(fmt::format("{} {} {}", VerbName(request.verb), request.path, request.body));
    };
  }

  ServerOptions options_;
  Router router_;
  Gatekeeper* gatekeeper_ = nullptr;
  std::mutex mutex_;
  std::vector<int> served_;
  std::unique_ptr<Server> server_;
};

TEST_F(ServerTest, AnswersAndKeepsTheConnection) {
  Add(Verb::kGet, "/hello/{name}", Handler([](const Request& request) -> Result<Reply> {
        return Reply::Json(fmt::format("{{\"name\": \"{}\", \"q\": \"{}\"}}", request.Capture("name"),
                                       request.Query("q").value_or("none")));
      }));
  Add(Verb::kPost, "/echo", Echo());
  Start();
  TestClient client(port());
  auto answer = client.Ask("GET /hello/w%20x?q=a+b%21 HTTP/1.1\r\nHost: h\r\nX-Request-Id: my-id.1\r\n\r\n");
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.body, R"({"name": "w x", "q": "a b!"})");
  EXPECT_EQ(answer.Header("Content-Type"), "application/json");
  EXPECT_EQ(answer.Header("X-Request-Id"), "my-id.1");
  EXPECT_THAT(answer.Header("Date"), HasSubstr(" GMT"));
  EXPECT_EQ(answer.Header("Connection"), "");
  answer = client.Ask("POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\nbody");
  EXPECT_EQ(answer.body, "POST /echo body");
  EXPECT_EQ(answer.Header("X-Request-Id").size(), 32u);
  answer = client.Ask("GET /hello/x HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.Header("Connection"), "close");
  EXPECT_TRUE(client.SeesEnd());
}

TEST_F(ServerTest, PipelinedRequestsAreAnsweredInOrder) {
  Add(Verb::kPost, "/echo/{n}", Echo());
  Start();
  TestClient client(port());
  std::string requests;
  for (int i = 0; i < 200; ++i) {
    requests += fmt::format("POST /echo/{} HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc", i);
  }
  ASSERT_TRUE(client.Send(requests));
  for (int i = 0; i < 200; ++i) EXPECT_EQ(client.Read().body, fmt::format("POST /echo/{} abc", i));
}

TEST_F(ServerTest, ReadsChunkedBodies) {
  Add(Verb::kPost, "/echo", Echo());
  Start();
  TestClient client(port());
  ASSERT_TRUE(client.Send("POST /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n"));
  std::this_thread::sleep_for(milliseconds(20));
  ASSERT_TRUE(client.Send("5;x=y\r\nde"));
  std::this_thread::sleep_for(milliseconds(20));
  ASSERT_TRUE(
      client.Send("fgh\r\n0\r\nTrailer: 1\r\n\r\nPOST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\n\r\nz"));
  EXPECT_EQ(client.Read().body, "POST /echo abcdefgh");
  EXPECT_EQ(client.Read().body, "POST /echo z");
}

}  // namespace
}  // namespace maru::http
