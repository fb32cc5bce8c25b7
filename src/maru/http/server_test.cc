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

TEST_F(ServerTest, HeadHasNoBody) {
  Add(Verb::kGet, "/text", Handler([](const Request&) -> Result<Reply> { return Reply::Text("12345"); }));
  Start();
  TestClient client(port());
  ASSERT_TRUE(client.Send("HEAD /text HTTP/1.1\r\nHost: h\r\n\r\n"));
  auto answer = client.Read(/*head_only=*/true);
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.Header("Content-Length"), "5");
  EXPECT_EQ(client.Ask("GET /text HTTP/1.1\r\nHost: h\r\n\r\n").body, "12345");
}

TEST_F(ServerTest, OldClientsGetTheirConnectionClosed) {
  Add(Verb::kGet, "/echo", Echo());
  Start();
  TestClient client(port());
  EXPECT_EQ(client.Ask("GET /echo HTTP/1.0\r\n\r\n").body, "GET /echo ");
  EXPECT_TRUE(client.SeesEnd());
  TestClient keeping(port());
  EXPECT_EQ(keeping.Ask("GET /echo HTTP/1.0\r\nConnection: keep-alive\r\n\r\n").Header("Connection"), "keep-alive");
  EXPECT_EQ(keeping.Ask("GET /echo HTTP/1.0\r\n\r\n").status, 200);
}

TEST_F(ServerTest, UnknownPathsAndVerbs) {
  router_.SetFallback("/api/", FormatError);
  Add(Verb::kGet, "/api/runs", Echo());
  Add(Verb::kDelete, "/api/runs", Echo());
  Start();
  TestClient client(port());
  auto answer = client.Ask("GET /api/nothing HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_EQ(answer.status, 404);
  EXPECT_THAT(answer.body, HasSubstr("wire: "));
  answer = client.Ask("GET /elsewhere HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_EQ(answer.status, 404);
  EXPECT_EQ(answer.body.find("wire: "), std::string::npos);
  answer = client.Ask("POST /api/runs HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\n{}");
  EXPECT_EQ(answer.status, 405);
  EXPECT_EQ(answer.Header("Allow"), "GET, HEAD, DELETE");
  EXPECT_EQ(client.Ask("BREW /api/runs HTTP/1.1\r\nHost: h\r\n\r\n").status, 501);
}

TEST_F(ServerTest, MalformedRequestsAreRefused) {
  Add(Verb::kPost, "/echo", Echo());
  Add(Verb::kGet, "/echo/{name}", Echo());
  Start();
  const struct {
    const char* request;
    int status;
  } kCases[] = {
      {"\x16\x03\x01 hello\r\n\r\n", 400},
      {"GET\r\n\r\n", 400},
      {"GET /echo/x HTTP/1.1\r\n\r\n", 400},  // no Host
      {"GET /echo/x HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400},
      {"GET /echo/x HTTP/2.0\r\nHost: a\r\n\r\n", 505},
      {"GET /echo/x HTTP/1.1\nHost: a\n\n\r\n\r\n", 505},  // bare line feeds
      {"GET /echo/x HTTP/1.1\r\nHost: a\r\nBad Name: 1\r\n\r\n", 400},
      {"GET /echo/%zz HTTP/1.1\r\nHost: a\r\n\r\n", 400},
      {"GET /echo/%2 HTTP/1.1\r\nHost: a\r\n\r\n", 400},
      {"GET /echo/a%00b HTTP/1.1\r\nHost: a\r\n\r\n", 400},
      {"GET /echo/%ff HTTP/1.1\r\nHost: a\r\n\r\n", 400},         // not UTF-8
      {"GET /echo/x?q=%c0%af HTTP/1.1\r\nHost: a\r\n\r\n", 400},  // overlong '/'
      {"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n", 400},
      {"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999\r\n\r\n", 400},
      {"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", 400},
      {"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400},
      {"POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n0\r\n\r\n", 400},
      {"POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 400},
      {"POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: identity\r\n\r\n", 400},
      {"POST /echo HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400},
      {"POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n\r\n", 400},
      {"POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nabc\r\n0\r\n\r\n", 400},
      {"POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n", 400},
      {"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Encoding: br\r\nContent-Length: 1\r\n\r\nx", 415},
      {"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Encoding: gzip\r\nContent-Length: 1\r\n\r\nx", 400},
  };
  for (const auto& c : kCases) {
    TestClient client(port());
    EXPECT_EQ(client.Ask(c.request).status, c.status) << c.request;
  }
  TestClient fine(port());
  EXPECT_EQ(fine.Ask("GET http://proxy/echo/x?y HTTP/1.1\r\nHost: proxy\r\n\r\n").body, "GET /echo/x ");
}

TEST_F(ServerTest, LimitsTheHead) {
  options_.header_bytes_max = 4096;
  Add(Verb::kGet, "/echo", Echo());
  Start();
  const auto ask = [&](std::size_t bytes, std::string_view part) {
    TestClient client(port());
    std::string request = "GET /echo";
    request += part == "target" ? "?q=" + std::string(bytes, 'x') + " HTTP/1.1\r\nHost: h\r\n"
                                : " HTTP/1.1\r\nHost: h\r\nX: " + std::string(bytes, 'x') + "\r\n";
    return client.Ask(request + "\r\n").status;
  };
  EXPECT_EQ(ask(3900, "target"), 200);
  EXPECT_EQ(ask(3900, "field"), 200);
  EXPECT_EQ(ask(4096, "target"), 431);
  EXPECT_EQ(ask(4096, "field"), 431);
  EXPECT_EQ(ask(1'000'000, "field"), 431);
  TestClient endless(port());
  ASSERT_TRUE(endless.Send("GET /echo HTTP/1.1\r\n"));
  for (int i = 0; i < 1000 && endless.Send("Many: fields\r\n"); ++i) {
  }
  EXPECT_EQ(endless.Read().status, 431);
}

TEST_F(ServerTest, LimitsTheBody) {
  options_.body_bytes_max = 1000;
  Add(Verb::kPost, "/echo", Echo());
  Start();
  TestClient client(port());
  const std::string head = "POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: ";
  EXPECT_EQ(client.Ask(head + "1000\r\n\r\n" + std::string(1000, 'x')).status, 200);
  auto answer = client.Ask(head + "1001\r\n\r\n" + std::string(1001, 'x'));
  EXPECT_EQ(answer.status, 413);
  EXPECT_THAT(answer.body, HasSubstr("wire: "));
  // A client that sends everything before it reads still gets to read the answer.
  TestClient large(port());
  ASSERT_TRUE(large.Send(head + "5000000\r\n\r\n"));
  large.Send(std::string(5'000'000, 'x'));
  EXPECT_EQ(large.Read().status, 413);
  TestClient chunked(port());
  ASSERT_TRUE(chunked.Send("POST /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"));
  for (int i = 0; i < 3; ++i) chunked.Send("190\r\n" + std::string(400, 'x') + "\r\n");
  EXPECT_EQ(chunked.Read().status, 413);
}

TEST_F(ServerTest, ReadsCompressedBodiesUpToTheLimit) {
  options_.body_bytes_max = 100'000;
  Add(Verb::kPost, "/size", Handler([](const Request& request) -> Result<Reply> {
        return Reply::Text(std::to_string(request.body.size()));
      }));
  Add(Verb::kPost, "/later", AsyncHandler([](Request request, Responder respond) {
        respond(Reply::Text(std::to_string(request.body.size())));
      }));
  Start();
  for (const std::string path : {"/size", "/later"}) {
    TestClient client(port());
    const auto ask = [&](const std::string& body) {
      return client.Ask(
          fmt::format("POST {} HTTP/1.1\r\nHost: h\r\nContent-Encoding: gzip\r\nContent-Length: {}\r\n\r\n", path,
                      body.size()) +
          body);
    };
    EXPECT_EQ(ask(Gzip(std::string(100'000, 'x'))).body, "100000");
    EXPECT_EQ(ask(Gzip(std::string(100'001, 'x'))).status, 413);
    EXPECT_EQ(ask(Gzip(std::string(20'000'000, 'x'))).status, 413);
    EXPECT_EQ(ask("not gzip at all").status, 400);
    EXPECT_EQ(ask("").body, "0");
  }
}

TEST_F(ServerTest, CompressesTextForThoseWhoAsk) {
  const std::string text(20'000, 'x');
  Add(Verb::kGet, "/text", Handler([&](const Request&) -> Result<Reply> { return Reply::Text(text); }));
  Add(Verb::kGet, "/small", Handler([&](const Request&) -> Result<Reply> { return Reply::Text("x"); }));
  Add(Verb::kGet, "/binary", Handler([&](const Request&) -> Result<Reply> {
        return Reply{.content_type = "application/octet-stream", .body = text};
      }));
  Start();
  TestClient client(port());
  const auto ask = [&](std::string_view path, std::string_view accept) {
    return client.Ask(fmt::format("GET {} HTTP/1.1\r\nHost: h\r\nAccept-Encoding: {}\r\n\r\n", path, accept));
  };
  auto answer = ask("/text", "gzip, deflate");
  EXPECT_EQ(answer.Header("Content-Encoding"), "gzip");
  EXPECT_EQ(answer.Header("Vary"), "Accept-Encoding");
  EXPECT_EQ(*Decompress(answer.body, ContentCoding::kGzip, text.size()), text);
  answer = ask("/text", "identity");
  EXPECT_EQ(answer.Header("Content-Encoding"), "");
  EXPECT_EQ(answer.Header("Vary"), "Accept-Encoding");
  EXPECT_EQ(answer.body, text);
  EXPECT_EQ(ask("/small", "gzip").Header("Content-Encoding"), "");
  EXPECT_EQ(ask("/binary", "gzip").body, text);
}

TEST_F(ServerTest, SlowClientsAreCutOff) {
  options_.header_timeout = milliseconds(150);
  options_.body_timeout = milliseconds(150);
  options_.idle_timeout = milliseconds(300);
  Add(Verb::kPost, "/echo", Echo());
  Start();
  TestClient slow_head(port());  // a byte now and then does not help
  const auto start = std::chrono::steady_clock::now();
  for (const char c : std::string("POST /echo HTTP/1.1\r\nHost: h\r\n")) {
    if (!slow_head.Send({&c, 1})) break;
    std::this_thread::sleep_for(milliseconds(20));
    if (std::chrono::steady_clock::now() - start > milliseconds(400)) break;
  }
  EXPECT_EQ(slow_head.Read().status, 408);
  EXPECT_TRUE(slow_head.SeesEnd());
  TestClient slow_body(port());
  auto answer = slow_body.Ask("POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\nab");
  EXPECT_EQ(answer.status, 408);
  EXPECT_THAT(answer.body, HasSubstr("wire: "));
  EXPECT_TRUE(slow_body.SeesEnd());
  TestClient slow_chunks(port());
  EXPECT_EQ(slow_chunks.Ask("POST /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab").status, 408);
  TestClient silent(port());
  EXPECT_TRUE(silent.SeesEnd());  // not one byte, so no answer either
  TestClient idle(port());
  EXPECT_EQ(idle.Ask("POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n").status, 200);
  EXPECT_TRUE(idle.SeesEnd());
}

TEST_F(ServerTest, AClientThatDoesNotReadIsCutOff) {
  options_.body_timeout = milliseconds(200);
  std::atomic<bool> destroyed = false;
  struct Endless final : BodySource {
    explicit Endless(std::atomic<bool>* flag) : destroyed(flag) {}
    ~Endless() override { *destroyed = true; }
    Result<std::size_t> Read(std::span<char> out) override { return out.size(); }
    std::atomic<bool>* destroyed;
  };
  Add(Verb::kGet, "/endless", Handler([&](const Request&) -> Result<Reply> {
        Reply reply;
        reply.stream = std::make_unique<Endless>(&destroyed);
        return reply;
      }));
  Start();
  TestClient client(port());
  ASSERT_TRUE(client.Send("GET /endless HTTP/1.1\r\nHost: h\r\n\r\n"));
  for (int i = 0; i < 500 && !destroyed; ++i) std::this_thread::sleep_for(milliseconds(10));
  EXPECT_TRUE(destroyed);
}

TEST_F(ServerTest, AHalfClosedClientIsAnswered) {
  Add(Verb::kPost, "/echo", Echo());
  Start();
  TestClient client(port());
  ASSERT_TRUE(client.Send("POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\n\r\nx"));
  client.CloseSendingSide();
  EXPECT_EQ(client.Read().body, "POST /echo x");
  EXPECT_TRUE(client.SeesEnd());
  TestClient cut(port());
  ASSERT_TRUE(cut.Send("POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\nx"));
  cut.CloseSendingSide();
  EXPECT_TRUE(cut.SeesEnd());
}

TEST_F(ServerTest, NoMoreConnectionsThanAllowed) {
  options_.connections_max = 2;
  Add(Verb::kGet, "/echo", Echo());
  Start();
  TestClient first(port());
  TestClient second(port());
  EXPECT_EQ(first.Ask("GET /echo HTTP/1.1\r\nHost: h\r\n\r\n").status, 200);
  EXPECT_EQ(second.Ask("GET /echo HTTP/1.1\r\nHost: h\r\n\r\n").status, 200);
  TestClient third(port());
  ASSERT_TRUE(third.Send("GET /echo HTTP/1.1\r\nHost: h\r\n\r\n"));
  EXPECT_FALSE(third.Receive(milliseconds(100)));
  first.Close();
  EXPECT_EQ(third.Read().status, 200);
}

TEST_F(ServerTest, AFullQueueIsAnsweredAtOnce) {
  options_.handler_threads = 1;
  options_.handler_queue_max = 1;
  std::latch release(1);
  std::atomic<int> running = 0;
  Add(Verb::kGet, "/wait", Handler([&](const Request&) -> Result<Reply> {
        ++running;
        release.wait();
        return Reply{};
      }));
  Start();
  TestClient first(port());
  ASSERT_TRUE(first.Send("GET /wait HTTP/1.1\r\nHost: h\r\n\r\n"));
  while (running == 0) std::this_thread::yield();
  TestClient second(port());
  ASSERT_TRUE(second.Send("GET /wait HTTP/1.1\r\nHost: h\r\n\r\n"));
  TestClient::Answer refused;
  for (int i = 0; i < 100 && refused.status != 503; ++i) {  // the second one may still be on its way into the queue
    std::this_thread::sleep_for(milliseconds(10));
    TestClient third(port());
    ASSERT_TRUE(third.Send("GET /wait HTTP/1.1\r\nHost: h\r\n\r\n"));
    if (third.Receive(milliseconds(200))) refused = third.Read();
  }
  EXPECT_EQ(refused.status, 503);
  EXPECT_EQ(refused.Header("Retry-After"), "1");
  EXPECT_THAT(refused.body, HasSubstr("wire: "));
  release.count_down();
  EXPECT_EQ(first.Read().status, 200);
  EXPECT_EQ(second.Read().status, 200);
}

TEST_F(ServerTest, HandlersThatThrowTellNothing) {
  Add(Verb::kGet, "/throw", Handler([](const Request&) -> Result<Reply> { throw std::runtime_error("a secret"); }));
  Add(Verb::kGet, "/later", AsyncHandler([](Request, Responder) { throw std::runtime_error("a secret"); }));
  Add(Verb::kGet, "/forgets", AsyncHandler([](Request, Responder) {}));
  Add(Verb::kPut, "/upload", UploadHandler([](const Request&) -> Result<std::unique_ptr<UploadSink>> {
        throw std::runtime_error("a secret");
      }));
  Start();
  TestClient client(port());
  for (const char* line : {"GET /throw", "GET /later", "GET /forgets", "PUT /upload"}) {
    const auto answer = client.Ask(fmt::format("{} HTTP/1.1\r\nHost: h\r\n\r\n", line));
    EXPECT_EQ(answer.status, 500) << line;
    EXPECT_EQ(answer.body.find("secret"), std::string::npos) << line;
  }
}

TEST_F(ServerTest, NoHandlerCanSplitAReply) {
  Add(Verb::kGet, "/file", Handler([](const Request&) -> Result<Reply> {
        Reply reply;
        reply.headers.Add("Content-Disposition", "attachment; filename=a\r\nSet-Cookie: b=c\r\n\r\nowned");
        reply.headers.Add("Content-Length", "1000");
        return reply;
      }));
  Start();
  TestClient client(port());
  const auto answer = client.Ask("GET /file HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_EQ(answer.Header("Set-Cookie"), "");
  EXPECT_EQ(answer.Header("Content-Length"), "0");
}

class Doorman final : public Gatekeeper {
 public:
  Status Admit(Request& request, const Route& route) override {
    if (route.permission == Permission::kPublic) return OkStatus();
    const std::string_view key = request.headers.Get("Authorization");
    if (key.empty()) return Unauthenticated("who are you?");
    if (key != "good") return PermissionDenied("not you");
    request.caller.principal = "friend";
    return OkStatus();
  }
  void Challenge(const Request&, const Status& refusal, Reply& reply) override {
    if (absl::IsUnauthenticated(refusal)) reply.headers.Add("WWW-Authenticate", "Basic realm=\"test\"");
  }
};

TEST_F(ServerTest, NoHandlerRunsForThoseNotAdmitted) {
  Doorman doorman;
  gatekeeper_ = &doorman;
  std::atomic<int> ran = 0;
  Add(Verb::kPost, "/plain", Handler([&](const Request& request) -> Result<Reply> {
        ++ran;
        return Reply::Text(request.caller.principal);
      }));
  Add(Verb::kPost, "/later", AsyncHandler([&](Request request, Responder respond) {
        ++ran;
        respond(Reply::Text(request.caller.principal));
      }));
  struct Sink final : UploadSink {
    Status Write(std::string_view) override { return OkStatus(); }
    Result<Reply> Finish() override { return Reply::Text("friend"); }
  };
  Add(Verb::kPost, "/upload", UploadHandler([&](const Request&) -> Result<std::unique_ptr<UploadSink>> {
        ++ran;
        return std::make_unique<Sink>();
      }));
  Start();
  for (const std::size_t size : {0, 10, 1'000'000}) {
    for (const char* path : {"/plain", "/later", "/upload"}) {
      const auto ask = [&](std::string_view key) {
        TestClient client(port());
        client.Send(fmt::format("POST {} HTTP/1.1\r\nHost: h\r\n{}Content-Length: {}\r\n\r\n", path, key, size));
        client.Send(std::string(size, 'x'));
        return client.Read();
      };
      ran = 0;
      const auto nobody = ask("");
      EXPECT_EQ(nobody.status, 401) << path << size;
      EXPECT_EQ(nobody.Header("WWW-Authenticate"), "Basic realm=\"test\"");
      EXPECT_EQ(ask("Authorization: bad\r\n").status, 403) << path << size;
      EXPECT_EQ(ran, 0);
      EXPECT_EQ(ask("Authorization: good\r\n").body, "friend") << path << size;
      EXPECT_EQ(ran, 1);
    }
  }
}

TEST_F(ServerTest, AnswersLaterFromAnyThread) {
  std::vector<std::thread> threads;
  std::mutex mutex;
  Add(Verb::kPost, "/later", AsyncHandler([&](Request request, Responder respond) {
        std::lock_guard lock(mutex);
        threads.emplace_back([request = std::move(request), respond = std::move(respond)] {
          std::this_thread::sleep_for(milliseconds(5));
          respond(Reply::Text("later " + request.body));
          respond(Reply::Text("once only"));
        });
      }));
  Start();
  TestClient client(port());
  for (int i = 0; i < 20; ++i) {
    EXPECT_EQ(client.Ask("POST /later HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\n\r\nx").body, "later x");
  }
  for (std::thread& thread : threads) thread.join();
}

TEST_F(ServerTest, DrainLetsRequestsFinish) {
  std::latch release(1);
  std::atomic<int> running = 0;
  Add(Verb::kGet, "/wait", Handler([&](const Request&) -> Result<Reply> {
        ++running;
        release.wait();
        return Reply::Text("done");
      }));
  Add(Verb::kGet, "/echo", Echo());
  Start();
  TestClient idle(port());
  EXPECT_EQ(idle.Ask("GET /echo HTTP/1.1\r\nHost: h\r\n\r\n").status, 200);
  TestClient busy(port());
  ASSERT_TRUE(busy.Send("GET /wait HTTP/1.1\r\nHost: h\r\n\r\n"));
  while (running == 0) std::this_thread::yield();
  const auto start = std::chrono::steady_clock::now();
  server_->Drain(milliseconds(50));  // too short for the one that waits
  EXPECT_GE(std::chrono::steady_clock::now() - start, milliseconds(50));
  EXPECT_TRUE(idle.SeesEnd());
  TestClient late(port());
  EXPECT_FALSE(late.Send("GET /echo HTTP/1.1\r\nHost: h\r\n\r\n") && late.Receive());
  std::thread releaser([&] {
    std::this_thread::sleep_for(milliseconds(50));
    release.count_down();
  });
  server_->Drain(std::chrono::seconds(20));
  const auto answer = busy.Read();
  EXPECT_EQ(answer.body, "done");
  EXPECT_EQ(answer.Header("Connection"), "close");
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(10));
  releaser.join();
}

TEST_F(ServerTest, StopsWithRequestsUnderWay) {
  Responder kept;
  std::atomic<bool> asked = false;
  Add(Verb::kGet, "/later", AsyncHandler([&](Request, Responder respond) {
        kept = std::move(respond);
        asked = true;
      }));
  Start();
  TestClient waiting(port());
  ASSERT_TRUE(waiting.Send("GET /later HTTP/1.1\r\nHost: h\r\n\r\n"));
  TestClient half(port());
  ASSERT_TRUE(half.Send("GET /later HTTP/1.1\r\nHo"));
  while (!asked) std::this_thread::yield();
  server_.reset();
  EXPECT_TRUE(waiting.SeesEnd());
  kept(Reply::Text("too late"));  // harmless
}

TEST_F(ServerTest, ReportsEveryRequest) {
  Add(Verb::kGet, "/echo", Echo());
  Start();
  {
    TestClient client(port());
    client.Ask("GET /echo HTTP/1.1\r\nHost: h\r\n\r\n");
    client.Ask("GET /none HTTP/1.1\r\nHost: h\r\n\r\n");
    client.Ask("nonsense\r\n\r\n");
  }
  server_.reset();
  EXPECT_THAT(served_, ::testing::ElementsAre(200, 404, 400));
}

TEST_F(ServerTest, RefusesAddressesItCannotHave) {
  Start();
  options_.port = port();
  EXPECT_TRUE(absl::IsUnavailable(Server::Start(options_, router_, nullptr, {}).status()));
  options_.address = "300.1.1.1";
  EXPECT_TRUE(absl::IsInvalidArgument(Server::Start(options_, router_, nullptr, {}).status()));
}

}  // namespace
}  // namespace maru::http
