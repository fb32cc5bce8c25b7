// The events that webhooks can subscribe to, and an example of each one's payload for trying a webhook out.
// Names and payload members are MLflow's (https://mlflow.org/docs/latest/ml/webhooks/).
#pragma once

#include <span>
#include <string_view>

namespace maru::events {

struct WebhookType {
  std::string_view entity;
  std::string_view action;
  std::string_view type;             // "entity.action", as in the event log
  std::string_view example_payload;  // JSON
};

std::span<const WebhookType> WebhookTypes();

// Null when nothing of that name can be subscribed to.
const WebhookType* FindWebhookType(std::string_view type);

}  // namespace maru::events
