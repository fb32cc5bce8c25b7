// Who is told of what: webhooks as people manage them. Delivery is webhook_dispatcher's.
//
// A secret goes in and never comes out again; it is stored sealed. A webhook hears of what happens after it was made,
// and of nothing that happened while it was disabled.
// Threads: thread-safe. Everything is scoped to the caller's workspace.
// Errors: kInvalidArgument for names, addresses and event types that do not do; kNotFound for unknown ids.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "maru/base/caller.h"
#include "maru/base/clock.h"
#include "maru/events/event_log.h"
#include "maru/events/secret_box.h"
#include "maru/events/webhook.h"
#include "maru/events/webhook_sender.h"
#include "maru/sql/database.h"

namespace maru::events {

// What is set changes; what is not stays.
struct WebhookChange {
  std::optional<std::string> name;
  std::optional<std::string> description;
  std::optional<std::string> url;
  std::optional<std::vector<std::string>> event_types;
  std::optional<std::string> secret;  // empty: sign no more
  std::optional<bool> active;
};

class WebhookService {
 public:
  // All must outlive the service. Call MigrateWebhooks before.
  WebhookService(sql::Database& database, EventLog& events, const Clock* clock, const SecretBox& secrets,
                 const WebhookSender& sender)
      : database_(database), events_(events), clock_(clock), secrets_(secrets), sender_(sender) {}

  // `webhook`'s name, url, event_types, description and active count. An empty secret signs nothing.
  Result<Webhook> Create(const Caller& caller, Webhook webhook, std::string_view secret);
  Result<Webhook> Get(const Caller& caller, std::string_view id);
  // At most `max_results` (1 to 1000) of them.
  Result<WebhookPage> List(const Caller& caller, int max_results, std::string_view page_token);
  Result<Webhook> Update(const Caller& caller, std::string_view id, const WebhookChange& change);
  Status Delete(const Caller& caller, std::string_view id);

  // Sends an example of `event_type` (by default the webhook's first) now, once, and says what came of it.
  Result<DeliveryOutcome> Test(const Caller& caller, std::string_view id, std::optional<std::string> event_type);

 private:
  Status CheckChange(const WebhookChange& change) const;

  sql::Database& database_;
  EventLog& events_;
  const Clock* const clock_;
  const SecretBox& secrets_;
  const WebhookSender& sender_;
};

}  // namespace maru::events
