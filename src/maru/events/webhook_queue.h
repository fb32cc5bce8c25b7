// The durable queue between the event log and the receivers. No threads and no network: all SQL of delivery is here.
//
// Threads: MoveNewEvents is for one thread; the rest is thread-safe.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "maru/events/event_log.h"
#include "maru/sql/database.h"

namespace maru::events {

// One event that one webhook has to be told of.
struct Delivery {
  std::string id;  // stays the same over retries
  std::string webhook_id;
  std::string url;
  std::string sealed_secret;  // empty: none
  int attempts = 0;           // so far
  Event event;
};

class WebhookQueue {
 public:
  // Both must outlive the queue.
  WebhookQueue(sql::Database& database, EventLog& events) : database_(database), events_(events) {}

  // Queues what has happened since the last call for the webhooks that want it.
  Status MoveNewEvents(std::int64_t now_ms);

  // The oldest due delivery of each webhook that is not in `busy`, at most `limit`.
  Result<std::vector<Delivery>> Due(std::int64_t now_ms, const std::set<std::string>& busy, int limit);
  // The oldest due delivery of one webhook.
  Result<std::optional<Delivery>> DueOf(std::string_view webhook_id, std::int64_t now_ms);
  // When the next delivery of a webhook that is not in `busy` falls due.
  Result<std::optional<std::int64_t>> NextDue(const std::set<std::string>& busy);

  Status Retry(const Delivery& delivery, std::int64_t due_ms);
  // Delivered, or given up: then `failure` says why, and an event webhook.delivery_failed tells people.
  Status Finish(const Delivery& delivery, std::string_view failure = {});

 private:
  sql::Database& database_;
  EventLog& events_;
  std::optional<std::int64_t> at_;  // all events up to here are queued or wanted by nobody
  std::int64_t saved_ = 0;          // the durable cursor
};

}  // namespace maru::events
