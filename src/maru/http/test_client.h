// A client for tests that can misbehave: it sends bytes, and reads what comes back.
#pragma once

#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace maru::http {

class TestClient {
 public:
  struct Answer {
    int status = 0;  // 0: the connection ended instead
    std::string head;
    std::string body;

    std::string Header(std::string_view name) const {
      const std::size_t at = head.find("\r\n" + std::string(name) + ": ");
      if (at == std::string::npos) return {};
      const std::size_t start = at + name.size() + 4;
      return head.substr(start, head.find("\r\n", start) - start);
    }
  };

  explicit TestClient(std::uint16_t port) : fd_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof(address)) != 0) Close();
  }
  ~TestClient() { Close(); }
  TestClient(const TestClient&) = delete;

  bool Send(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
  }
  void CloseSendingSide() { ::shutdown(fd_, SHUT_WR); }
  void Close() {
    if (fd_ >= 0) ::close(fd_);
    fd_ = -1;
  }

  // Appends what arrives within the time to what is unread; false at the end of the stream or after the time.
  bool Receive(std::chrono::milliseconds wait = std::chrono::seconds(20)) {
    pollfd ready{fd_, POLLIN, 0};
    if (fd_ < 0 || ::poll(&ready, 1, static_cast<int>(wait.count())) <= 0) return false;
    char piece[64 * 1024];
    const ssize_t got = ::recv(fd_, piece, sizeof(piece), 0);
    if (got <= 0) {
      ended_ = true;
      return false;
    }
    unread_.append(piece, static_cast<std::size_t>(got));
    return true;
  }

  // Whether the server closes the connection, and sends nothing more before, within the time.
  bool SeesEnd(std::chrono::milliseconds wait = std::chrono::seconds(20)) {
    const auto end = std::chrono::steady_clock::now() + wait;
    while (!ended_ && unread_.empty() && std::chrono::steady_clock::now() < end) {
      Receive(std::chrono::milliseconds(50));
    }
    return ended_ && unread_.empty();
  }

  // The next reply, with its chunks joined.
  Answer Read(bool head_only = false) {
    Answer answer;
    std::size_t end;
    while ((end = unread_.find("\r\n\r\n")) == std::string::npos) {
      if (!Receive()) return answer;
    }
    answer.head = unread_.substr(0, end + 2);
    unread_.erase(0, end + 4);
    answer.status = std::stoi(answer.head.substr(9, 3));
    if (head_only || answer.status == 100 || answer.status == 204 || answer.status == 304) return answer;
    if (const std::string length = answer.Header("Content-Length"); !length.empty()) {
      answer.body = Take(std::stoull(length));
    } else if (answer.Header("Transfer-Encoding") == "chunked") {
      while (true) {
        const std::string size = TakeLine();
        if (size.empty()) return Answer{};
        const std::size_t bytes = std::stoull(size, nullptr, 16);
        answer.body += Take(bytes);
        TakeLine();
        if (bytes == 0) break;
      }
    } else {
      while (Receive()) {
      }
      answer.body = std::move(unread_);
      unread_.clear();
    }
    return answer;
  }

  Answer Ask(std::string_view request) {
    Send(request);
    return Read();
  }

  // One line of what is unread, without its end.
  std::string TakeLine() {
    std::size_t end;
    while ((end = unread_.find("\r\n")) == std::string::npos) {
      if (!Receive()) return {};
    }
    std::string line = unread_.substr(0, end);
    unread_.erase(0, end + 2);
    return line;
  }
  std::string Take(std::size_t bytes) {
    while (unread_.size() < bytes) {
      if (!Receive()) break;
    }
    std::string taken = unread_.substr(0, bytes);
    unread_.erase(0, bytes);
    return taken;
  }
  int fd() const { return fd_; }

 private:
  int fd_;
  bool ended_ = false;
  std::string unread_;
};

}  // namespace maru::http
