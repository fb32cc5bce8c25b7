// Bodies that stream: uploads, downloads, live replies, and TLS, over real sockets.
#include "maru/http/stream.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <thread>

#include "maru/http/server.h"
#include "maru/http/test_client.h"

namespace maru::http {
namespace {

using std::chrono::milliseconds;

Reply FormatError(const Status& status, const Request&) {
  Reply reply = Reply::Text(std::string("wire: ") + std::string(status.message()));
  reply.status = absl::IsResourceExhausted(status) ? 507 : 500;
  return reply;
}

// What became of a sink or source, for the test to look at after its death.
struct Fate {
  std::atomic<std::uint64_t> bytes = 0;
  std::atomic<std::uint64_t> sum = 0;
  std::atomic<std::size_t> largest = 0;
  std::atomic<bool> finished = false;
  std::atomic<int> destroyed = 0;
};

std::uint64_t Sum(std::string_view piece) {
  std::uint64_t sum = 0;
  for (const char c : piece) sum += static_cast<unsigned char>(c);
  return sum;
}

class CountingSink final : public UploadSink {
 public:
  CountingSink(Fate* fate, std::uint64_t fail_after) : fate_(fate), fail_after_(fail_after) {}
  ~CountingSink() override { ++fate_->destroyed; }
  Status Write(std::string_view piece) override {
    fate_->bytes += piece.size();
    fate_->sum += Sum(piece);
    fate_->largest = std::max<std::size_t>(fate_->largest, piece.size());
    return fate_->bytes > fail_after_ ? ResourceExhausted("the disk is full") : OkStatus();
  }
  Result<Reply> Finish() override {
    fate_->finished = true;
    return Reply::Text(std::to_string(fate_->bytes));
  }

 private:
  Fate* fate_;
  std::uint64_t fail_after_;
};

class CountingSource final : public BodySource {
 public:
  CountingSource(Fate* fate, std::uint64_t size, std::uint64_t fail_after = UINT64_MAX)
      : fate_(fate), size_(size), fail_after_(fail_after) {}
  ~CountingSource() override { ++fate_->destroyed; }
  Result<std::size_t> Read(std::span<char> out) override {
    if (fate_->bytes >= fail_after_) return Internal("the disk is broken");
    const std::size_t bytes = std::min<std::uint64_t>(out.size(), size_ - fate_->bytes);
    std::fill_n(out.begin(), bytes, 'x');
    fate_->bytes += bytes;
    fate_->largest = std::max<std::size_t>(fate_->largest, out.size());
    return bytes;
  }

 private:
  Fate* fate_;
  std::uint64_t size_;
  std::uint64_t fail_after_;
};

// Resident bytes of this process.
std::uint64_t Resident() {
  std::ifstream statm("/proc/self/statm");
  std::uint64_t pages = 0;
  statm >> pages >> pages;
  return pages * 4096;
}

class StreamTest : public ::testing::Test {
 protected:
  template <typename H>
  void Add(Verb verb, std::string path, H handler) {
    router_.Add({verb, std::move(path), Permission::kPublic, std::move(handler), FormatError});
  }
  void AddUpload(std::uint64_t fail_after = UINT64_MAX) {
    Add(Verb::kPut, "/upload", UploadHandler([this, fail_after](const Request&) -> Result<std::unique_ptr<UploadSink>> {
          return std::make_unique<CountingSink>(&fate_, fail_after);
        }));
  }
  void AddDownload(std::uint64_t size, std::optional<std::uint64_t> announced, std::uint64_t fail_after = UINT64_MAX) {
    Add(Verb::kGet, "/download", Handler([this, size, announced, fail_after](const Request&) -> Result<Reply> {
          fate_.bytes = 0;
          Reply reply;
          reply.stream = std::make_unique<CountingSource>(&fate_, size, fail_after);
          reply.stream_length = announced;
          return reply;
        }));
  }
  void Start() {
    auto server = Server::Start(options_, router_, nullptr, {});
    ASSERT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
  }
  bool WaitUntil(const std::function<bool()>& done) {
    for (int i = 0; i < 2000 && !done(); ++i) std::this_thread::sleep_for(milliseconds(5));
    return done();
  }
  std::uint16_t port() const { return server_->port(); }

  ServerOptions options_;
  Router router_;
  Fate fate_;
  std::unique_ptr<Server> server_;
};

TEST_F(StreamTest, UploadsOfEverySize) {
  AddUpload();
  Start();
  TestClient client(port());
  for (const std::size_t size : {0, 1, 1000, 262'143, 262'144, 262'145, 3'000'000}) {
    fate_.bytes = fate_.sum = 0;
    fate_.finished = false;
    std::string body(size, '\0');
    for (std::size_t i = 0; i < size; ++i) body[i] = static_cast<char>(i * 7);
    client.Send(fmt::format("PUT /upload HTTP/1.1\r\nHost: h\r\nContent-Length: {}\r\n\r\n", size));
    client.Send(body);
    EXPECT_EQ(client.Read().body, std::to_string(size));
    EXPECT_EQ(fate_.sum, Sum(body));
    EXPECT_TRUE(fate_.finished);
    EXPECT_LE(fate_.largest, 256u * 1024);
    fate_.bytes = fate_.sum = 0;
    client.Send("PUT /upload HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n");
    for (std::size_t at = 0; at < size; at += 77'777) {
      const std::string piece = body.substr(at, 77'777);
      client.Send(fmt::format("{:x}\r\n{}\r\n", piece.size(), piece));
    }
    client.Send("0\r\n\r\n");
    EXPECT_EQ(client.Read().body, std::to_string(size));
    EXPECT_EQ(fate_.sum, Sum(body));
  }
  EXPECT_EQ(fate_.destroyed, 14);
}

TEST_F(StreamTest, AnUploadCutOffLeavesNothing) {
  AddUpload();
  Start();
  {
    TestClient client(port());
    client.Send("PUT /upload HTTP/1.1\r\nHost: h\r\nContent-Length: 1000000\r\n\r\n" + std::string(600'000, 'x'));
    ASSERT_TRUE(WaitUntil([&] { return fate_.bytes > 0; }));
  }
  EXPECT_TRUE(WaitUntil([&] { return fate_.destroyed == 1; }));
  EXPECT_FALSE(fate_.finished);
  TestClient chunked(port());
  chunked.Send("PUT /upload HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n");
  chunked.CloseSendingSide();
  EXPECT_TRUE(WaitUntil([&] { return fate_.destroyed == 2; }));
  TestClient malformed(port());
  malformed.Send("PUT /upload HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabcdef\r\n");
  EXPECT_EQ(malformed.Read().status, 400);
  EXPECT_TRUE(WaitUntil([&] { return fate_.destroyed == 3; }));
  EXPECT_FALSE(fate_.finished);
}

TEST_F(StreamTest, AFailedWriteIsAnsweredThoughTheClientGoesOnSending) {
  AddUpload(/*fail_after=*/1'000'000);
  Start();
  TestClient client(port());
  client.Send("PUT /upload HTTP/1.1\r\nHost: h\r\nContent-Length: 20000000\r\n\r\n");
  client.Send(std::string(20'000'000, 'x'));
  const auto answer = client.Read();
  EXPECT_EQ(answer.status, 507);
  EXPECT_EQ(answer.body, "wire: the disk is full");
  EXPECT_FALSE(fate_.finished);
  EXPECT_EQ(fate_.destroyed, 1);
}

TEST_F(StreamTest, SaysContinueOnlyToThoseWhoWait) {
  AddUpload();
  Start();
  TestClient client(port());
  client.Send("PUT /upload HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n");
  EXPECT_EQ(client.Read().status, 100);
  client.Send("abc");
  EXPECT_EQ(client.Read().body, "3");
  client.Send("PUT /nowhere HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n");
  EXPECT_EQ(client.Read().status, 404);
}

TEST_F(StreamTest, SlowUploadsHoldNoPoolThread) {
  options_.handler_threads = 1;
  options_.handler_queue_max = 64;
  AddUpload();
  Add(Verb::kGet, "/hello", Handler([](const Request&) -> Result<Reply> { return Reply::Text("hello"); }));
  Start();
  std::vector<std::unique_ptr<TestClient>> slow;
  for (int i = 0; i < 20; ++i) {
    slow.push_back(std::make_unique<TestClient>(port()));
    slow.back()->Send("PUT /upload HTTP/1.1\r\nHost: h\r\nContent-Length: 1000000\r\n\r\n" + std::string(300'000, 'x'));
  }
  ASSERT_TRUE(WaitUntil([&] { return fate_.bytes >= 20 * 256 * 1024; }));
  TestClient client(port());
  EXPECT_EQ(client.Ask("GET /hello HTTP/1.1\r\nHost: h\r\n\r\n").body, "hello");
}

TEST_F(StreamTest, LargeBodiesNeedLittleMemory) {
  constexpr std::uint64_t kSize = 400'000'000;
  AddUpload();
  AddDownload(kSize, kSize);
  Start();
  TestClient client(port());
  const std::uint64_t before = Resident();
  client.Send(fmt::format("PUT /upload HTTP/1.1\r\nHost: h\r\nContent-Length: {}\r\n\r\n", kSize));
  const std::string piece(1'000'000, 'x');
  std::uint64_t peak = 0;
  for (std::uint64_t sent = 0; sent < kSize; sent += piece.size()) {
    ASSERT_TRUE(client.Send(piece));
    peak = std::max(peak, Resident());
  }
  EXPECT_EQ(client.Read().body, std::to_string(kSize));
  client.Send("GET /download HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_EQ(client.Read(/*head_only=*/true).Header("Content-Length"), std::to_string(kSize));
  std::uint64_t got = 0;
  while (got < kSize) {
    const std::string bytes = client.Take(std::min<std::uint64_t>(kSize - got, 1'000'000));
    ASSERT_FALSE(bytes.empty());
    got += bytes.size();
    peak = std::max(peak, Resident());
  }
  EXPECT_LT(peak - std::min(peak, before), 16'000'000u);
}

TEST_F(StreamTest, DownloadsOfUnknownLengthAreChunked) {
  AddDownload(1'000'000, std::nullopt);
  Start();
  TestClient client(port());
  for (int i = 0; i < 2; ++i) {
    const auto answer = client.Ask("GET /download HTTP/1.1\r\nHost: h\r\n\r\n");
    EXPECT_EQ(answer.Header("Transfer-Encoding"), "chunked");
    EXPECT_EQ(answer.body, std::string(1'000'000, 'x'));
  }
  TestClient old(port());
  EXPECT_EQ(old.Ask("GET /download HTTP/1.0\r\n\r\n").body.size(), 1'000'000u);
  client.Send("HEAD /download HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_EQ(client.Read(/*head_only=*/true).status, 200);
  EXPECT_EQ(client.Ask("GET /download HTTP/1.1\r\nHost: h\r\n\r\n").body.size(), 1'000'000u);
}

TEST_F(StreamTest, ADownloadThatFailsBreaksTheConnection) {
  AddDownload(1'000'000, 1'000'000, /*fail_after=*/500'000);
  Start();
  TestClient client(port());
  const auto answer = client.Ask("GET /download HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_LT(answer.body.size(), 1'000'000u);
  EXPECT_TRUE(client.SeesEnd());
}

// A feed that a test writes to.
class Feed {
 public:
  void Push(std::string text, bool end = false) {
    std::function<void()> wake;
    {
      std::lock_guard lock(mutex_);
      text_ += text;
      end_ |= end;
      wake = std::move(wake_);
      wake_ = nullptr;
    }
    if (wake) wake();
  }

  class Source final : public LiveSource {
   public:
    Source(Feed* feed, Fate* fate) : feed_(feed), fate_(fate) {}
    ~Source() override {
      std::lock_guard lock(feed_->mutex_);
      feed_->wake_ = nullptr;
      ++fate_->destroyed;
    }
    Result<std::string> Take(bool* end) override {
      std::lock_guard lock(feed_->mutex_);
      *end = feed_->end_;
      return std::exchange(feed_->text_, {});
    }
    void WakeOnce(std::function<void()> wake) override {
      {
        std::lock_guard lock(feed_->mutex_);
        if (feed_->text_.empty() && !feed_->end_) {
          feed_->wake_ = std::move(wake);
          return;
        }
      }
      wake();
    }

   private:
    Feed* feed_;
    Fate* fate_;
  };

 private:
  std::mutex mutex_;
  std::string text_;
  bool end_ = false;
  std::function<void()> wake_;
};

TEST_F(StreamTest, LiveRepliesGoOutAsTheyHappen) {
  Feed feed;
  Add(Verb::kGet, "/live", Handler([&](const Request&) -> Result<Reply> {
        Reply reply{.content_type = "text/event-stream"};
        reply.live = std::make_unique<Feed::Source>(&feed, &fate_);
        return reply;
      }));
  Add(Verb::kGet, "/hello", Handler([](const Request&) -> Result<Reply> { return Reply::Text("hello"); }));
  Start();
  TestClient client(port());
  client.Send("GET /live HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_EQ(client.Read(/*head_only=*/true).Header("Transfer-Encoding"), "chunked");
  for (int i = 0; i < 50; ++i) {
    feed.Push("event");
    EXPECT_EQ(client.TakeLine(), "5");
    EXPECT_EQ(client.TakeLine(), "event");
  }
  client.Send("GET /hello HTTP/1.1\r\nHost: h\r\n\r\n");  // pipelined behind the live one
  feed.Push("", /*end=*/true);
  EXPECT_EQ(client.TakeLine(), "0");
  EXPECT_EQ(client.TakeLine(), "");
  EXPECT_EQ(client.Read().body, "hello");
  EXPECT_EQ(client.Ask("GET /hello HTTP/1.1\r\nHost: h\r\n\r\n").body, "hello");
  EXPECT_EQ(fate_.destroyed, 1);
}

TEST_F(StreamTest, ALiveReplyEndsWithItsClient) {
  Feed feed;
  Add(Verb::kGet, "/live", Handler([&](const Request&) -> Result<Reply> {
        Reply reply;
        reply.live = std::make_unique<Feed::Source>(&feed, &fate_);
        return reply;
      }));
  Start();
  {
    TestClient client(port());
    client.Send("GET /live HTTP/1.1\r\nHost: h\r\n\r\n");
    EXPECT_EQ(client.Read(/*head_only=*/true).status, 200);
  }
  EXPECT_TRUE(WaitUntil([&] { return fate_.destroyed == 1; }));  // nothing was ever pushed
  TestClient stays(port());
  stays.Send("GET /live HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_EQ(stays.Read(/*head_only=*/true).status, 200);
  server_.reset();
  EXPECT_EQ(fate_.destroyed, 2);
}

int Shell(const std::string& command) {
  return std::system(command.c_str());
}

TEST_F(StreamTest, SpeaksTls) {
  const std::filesystem::path folder = std::filesystem::temp_directory_path() / fmt::format("maru-tls-{}", getpid());
  std::filesystem::create_directories(folder);
  const std::string key = (folder / "key.pem").string();
  const std::string certificate = (folder / "cert.pem").string();
  ASSERT_EQ(Shell("openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost -addext "
                  "subjectAltName=DNS:localhost -keyout " +
                  key + " -out " + certificate + " 2>/dev/null"),
            0);
  options_.tls_certificate_file = certificate;
  options_.tls_key_file = key;
  AddUpload();
  AddDownload(5'000'000, 5'000'000);
  Start();
  const std::string curl =
      fmt::format("curl -sS --fail --cacert {} --resolve localhost:{}:127.0.0.1 ", certificate, port());
  const std::string url = fmt::format("https://localhost:{}", port());
  const std::string got = (folder / "got").string();
  EXPECT_EQ(Shell(curl + "-o " + got + " " + url + "/download " + url + "/download -o " + got), 0);
  EXPECT_EQ(std::filesystem::file_size(got), 5'000'000u);
  fate_.bytes = 0;
  EXPECT_EQ(Shell(curl + "-o /dev/null -T " + got + " " + url + "/upload"), 0);
  EXPECT_EQ(fate_.bytes, 5'000'000u);
  EXPECT_TRUE(fate_.finished);
  EXPECT_NE(Shell(curl + "--tls-max 1.1 " + url + "/download -o /dev/null 2>/dev/null"), 0);
  TestClient plain(port());
  EXPECT_EQ(plain.Ask("GET /download HTTP/1.1\r\nHost: h\r\n\r\n").status, 0);  // cut off, whatever it is told
  options_.tls_key_file = certificate;
  EXPECT_TRUE(absl::IsInvalidArgument(Server::Start(options_, router_, nullptr, {}).status()));
  server_.reset();
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace maru::http
