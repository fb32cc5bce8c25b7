// Tells webhooks what happened: the first reader of the event log.
//
// From the log to a queue: new events that a webhook is subscribed to become rows of webhook_deliveries, in the
// transaction that moves the reader's cursor, so each event reaches each webhook's queue exactly once, whenever the
// process dies. From the queue to the receiver: each webhook's deliveries go out one at a time, the oldest due first,
// many webhooks at once. A row goes when its receiver has answered; a process that dies in between sends it again under
// the same X-MLflow-Delivery-Id.
//
// Threads: one that reads the log and the queue, and a bounded pool that sends.
#pragma once

#include <memory>

#include "maru/base/clock.h"
#include "maru/events/event_log.h"
#include "maru/events/secret_box.h"
#include "maru/events/webhook_retry.h"
#include "maru/events/webhook_sender.h"
#include "maru/sql/database.h"

namespace maru::events {

struct WebhookDispatcherOptions {
  int senders = 10;  // requests under way at once, at most
  RetryPolicy retry;
};

class WebhookDispatcher {
 public:
  // All must outlive the dispatcher, which starts at once. Call MigrateWebhooks before. The destructor breaks off what
  // is under way; it is sent again by the next one.
  static std::unique_ptr<WebhookDispatcher> Start(sql::Database& database, EventLog& events, const Clock* clock,
                                                  const SecretBox& secrets, WebhookSender& sender,
                                                  const WebhookDispatcherOptions& options = {});
  virtual ~WebhookDispatcher() = default;
};

}  // namespace maru::events
