// Sends one request to a receiver, through libcurl. Never follows redirects, uses no proxy, and checks the address that
// it really connects to, so that a name that resolves differently a second time gains nothing.
//
// Threads: thread-safe; Post blocks for at most the timeout.
#pragma once

#include <atomic>
#include <chrono>
#include <string>

#include "maru/events/network_policy.h"
#include "maru/events/webhook.h"
#include "maru/events/webhook_request.h"

namespace maru::events {

class WebhookSender {
 public:
  WebhookSender(NetworkPolicy policy, std::chrono::milliseconds timeout);

  DeliveryOutcome Post(const std::string& url, const WebhookRequest& request) const;

  // Breaks off what is under way, and everything after.
  void Stop() { stopped_ = true; }

  const NetworkPolicy& policy() const { return policy_; }

 private:
  const NetworkPolicy policy_;
  const std::chrono::milliseconds timeout_;
  std::atomic<bool> stopped_ = false;
};

}  // namespace maru::events
