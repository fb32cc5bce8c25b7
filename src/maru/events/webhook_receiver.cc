#include "maru/events/webhook_receiver.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <chrono>
#include <stdexcept>

namespace maru::events {
namespace {

// Reads one whole request; an empty head when the connection ends.
ReceivedRequest ReadRequest(int connection) {
  ReceivedRequest request;
  std::string data;
  char buffer[4096];
  std::size_t head_end = std::string::npos;
  std::size_t length = 0;
  while (head_end == std::string::npos || data.size() < head_end + 4 + length) {
    const ssize_t n = read(connection, buffer, sizeof buffer);
    if (n <= 0) return {};
    data.append(buffer, n);
    if (head_end != std::string::npos || (head_end = data.find("\r\n\r\n")) == std::string::npos) continue;
    request.head = data.substr(0, head_end);
    for (std::size_t at = request.head.find("\r\n"); at != std::string::npos;) {
      const std::size_t next = request.head.find("\r\n", at + 2);
      const std::string line = request.head.substr(at + 2, next == std::string::npos ? next : next - at - 2);
      const std::size_t colon = line.find(": ");
      std::string name = line.substr(0, colon);
      std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) { return std::tolower(c); });
      request.headers[name] = colon == std::string::npos ? "" : line.substr(colon + 2);
      at = next;
    }
    length = std::stoul(request.headers["content-length"]);
  }
  request.body = data.substr(head_end + 4);
  return request;
}

}  // namespace

WebhookReceiver::WebhookReceiver() : listener_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  if (bind(listener_, reinterpret_cast<sockaddr*>(&address), size) != 0 || listen(listener_, 50) != 0 ||
      getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
    throw std::runtime_error("no receiver");
  }
  port_ = ntohs(address.sin_port);
  thread_ = std::thread([this] { Serve(); });
}

WebhookReceiver::~WebhookReceiver() {
  shutdown(listener_, SHUT_RDWR);
  thread_.join();
  close(listener_);
}

std::string WebhookReceiver::url() const {
  return "http://127.0.0.1:" + std::to_string(port_) + "/hook";
}

void WebhookReceiver::Answer(std::vector<int> statuses, std::string extra_headers) {
  std::lock_guard lock(mutex_);
  statuses_.assign(statuses.begin(), statuses.end());
  extra_headers_ = std::move(extra_headers);
}

std::vector<ReceivedRequest> WebhookReceiver::WaitFor(std::size_t count) {
  std::unique_lock lock(mutex_);
  came_.wait_for(lock, std::chrono::seconds(10), [&] { return requests_.size() >= count; });
  return requests_;
}

std::size_t WebhookReceiver::count() {
  std::lock_guard lock(mutex_);
  return requests_.size();
}

void WebhookReceiver::Serve() {
  while (true) {
    const int connection = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (connection < 0) return;
    ReceivedRequest request = ReadRequest(connection);
    if (!request.head.empty()) {
      std::unique_lock lock(mutex_);
      requests_.push_back(std::move(request));
      int status = 200;
      if (!statuses_.empty()) {
        status = statuses_.front();
        statuses_.pop_front();
      }
      const std::string reply = "HTTP/1.1 " + std::to_string(status) + " Told\r\n" + extra_headers_ +
                                "Content-Length: 5\r\nConnection: close\r\n\r\nhello";
      came_.notify_all();
      lock.unlock();
      if (status != 0) (void)!write(connection, reply.data(), reply.size());
    }
    close(connection);
  }
}

}  // namespace maru::events
