// What a receiver gets: MLflow's JSON envelope and headers, signed. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "maru/events/event_log.h"

namespace maru::events {

struct WebhookRequest {
  std::string body;
  std::vector<std::pair<std::string, std::string>> headers;
};

// `secret` may be empty: then nothing is signed. `now_ms` is the time of this attempt, which receivers check against
// replays; the event's own time is in the body. The signature is MLflow's: HMAC-SHA256 over "id.timestamp.body".
WebhookRequest MakeWebhookRequest(const Event& event, std::string_view delivery_id, std::string_view secret,
                                  std::int64_t now_ms);

}  // namespace maru::events
