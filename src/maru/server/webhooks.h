// Webhooks, composed: the key, the way out, what people manage, and what delivers.
#pragma once

#include <memory>
#include <string>

#include "maru/base/clock.h"
#include "maru/events/event_log.h"
#include "maru/events/webhook_dispatcher.h"
#include "maru/events/webhook_service.h"
#include "maru/http/router.h"
#include "maru/sql/database.h"

namespace maru::server {

class Webhooks {
 public:
  // Mounts the routes; nothing is delivered before Deliver. `database` and `events` must outlive this. The key that
  // seals secrets is the file `key_file`, made when it is not there.
  static Result<std::unique_ptr<Webhooks>> Mount(http::Router& router, sql::Database& database,
                                                 events::EventLog& events, const Clock* clock,
                                                 events::NetworkPolicy policy, const std::string& key_file);

  // Starts telling receivers, until this dies.
  void Deliver();

 private:
  Webhooks(sql::Database& database, events::EventLog& events, const Clock* clock, events::SecretBox secrets,
           events::NetworkPolicy policy);

  sql::Database& database_;
  events::EventLog& events_;
  const Clock* const clock_;
  const events::SecretBox secrets_;
  events::WebhookSender sender_;
  events::WebhookService service_;
  std::unique_ptr<events::WebhookDispatcher> dispatcher_;
};

}  // namespace maru::server
