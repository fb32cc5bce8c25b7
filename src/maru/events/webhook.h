// A webhook: an address outside that is told of registry events as they happen. MLflow's model-registry webhooks.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace maru::events {

struct Webhook {
  std::string id;
  std::string workspace;
  std::string name;
  std::optional<std::string> description;
  std::string url;
  std::vector<std::string> event_types;  // "model_version.created", in the order given; never empty
  bool active = true;
  std::int64_t created_ms = 0;
  std::int64_t updated_ms = 0;
};

struct WebhookPage {
  std::vector<Webhook> webhooks;  // newest first
  std::string next_page_token;    // empty on the last page
};

// What came of one attempt to deliver.
struct DeliveryOutcome {
  int http_status = 0;  // 0: no answer
  std::string body;     // of the answer, its beginning
  std::string error;    // why there was no answer
  std::optional<int> retry_after_s;

  bool delivered() const { return http_status >= 200 && http_status < 300; }
};

}  // namespace maru::events
