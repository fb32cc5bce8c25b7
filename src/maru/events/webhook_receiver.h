// A real HTTP receiver for the tests of webhooks: a socket, a thread, and answers told in advance.
#pragma once

#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace maru::events {

struct ReceivedRequest {
  std::string head;
  std::map<std::string, std::string> headers;  // names in lower case
  std::string body;
};

class WebhookReceiver {
 public:
  WebhookReceiver();
  ~WebhookReceiver();

  std::string url() const;
  // Statuses of the next answers, in order; 200 when there are no more. 0 closes the connection without an answer.
  void Answer(std::vector<int> statuses, std::string extra_headers = {});
  // Waits until `count` requests have come, at most ten seconds, and returns all so far.
  std::vector<ReceivedRequest> WaitFor(std::size_t count);
  std::size_t count();

 private:
  void Serve();
  int listener_;
  int port_;
  std::mutex mutex_;
  std::condition_variable came_;
  std::vector<ReceivedRequest> requests_;
  std::deque<int> statuses_;
  std::string extra_headers_;
  std::thread thread_;
};

}  // namespace maru::events
