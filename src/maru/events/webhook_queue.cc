#include "maru/events/webhook_queue.h"

#include <algorithm>
#include <utility>

#include "maru/base/ids.h"
#include "maru/events/webhook_types.h"
#include "maru/json/json.h"

namespace maru::events {
namespace {

constexpr std::string_view kReader = "webhooks";
constexpr int kEventsAtOnce = 500;
// The cursor is written with deliveries; without any, only so often, so that a busy server without webhooks does not
// write once more for every write. Events behind it that nobody wanted are looked at again after a restart.
constexpr std::int64_t kCursorLagMax = 10'000;

constexpr std::string_view kLastEvent = "SELECT COALESCE(MAX(id), 0) FROM events";
constexpr std::string_view kSubscriptions =
    "SELECT w.id, w.workspace, s.type, s.after_event FROM webhooks w "
    "JOIN webhook_subscriptions s ON s.webhook_id = w.id WHERE w.active = 1";
constexpr std::string_view kEvents =
    "SELECT id, workspace, type FROM events WHERE id > ? AND id <= ? AND ("
    "type LIKE 'registered_model.%' OR type LIKE 'model_version%' OR type LIKE 'prompt%' OR type LIKE "
    "'budget_policy.%') "
    "ORDER BY id LIMIT ?";
constexpr std::string_view kInsert =
    "INSERT INTO webhook_deliveries (webhook_id, event_id, id, attempts, due_ms) VALUES (?, ?, ?, 0, ?) "
    "ON CONFLICT (webhook_id, event_id) DO NOTHING";
constexpr std::string_view kStillActive = "SELECT 1 FROM webhooks WHERE id = ? AND active = 1";
constexpr std::string_view kDueWebhooks =
    "SELECT webhook_id, MIN(event_id) FROM webhook_deliveries WHERE due_ms <= ? GROUP BY webhook_id ORDER BY 2";
constexpr std::string_view kDelivery =
    "SELECT d.id, d.webhook_id, w.url, w.secret, d.attempts, e.id, e.time_ms, e.workspace, e.principal, e.type, "
    "e.subject, e.payload FROM webhook_deliveries d JOIN webhooks w ON w.id = d.webhook_id "
    "JOIN events e ON e.id = d.event_id WHERE d.webhook_id = ? AND d.event_id = ?";
constexpr std::string_view kDueOf = "SELECT MIN(event_id) FROM webhook_deliveries WHERE webhook_id = ? AND due_ms <= ?";
constexpr std::string_view kNextDue = "SELECT webhook_id, MIN(due_ms) FROM webhook_deliveries GROUP BY webhook_id";
constexpr std::string_view kRetry =
    "UPDATE webhook_deliveries SET attempts = ?, due_ms = ? WHERE webhook_id = ? AND event_id = ?";
constexpr std::string_view kFinish = "DELETE FROM webhook_deliveries WHERE webhook_id = ? AND event_id = ?";

struct Subscription {
  std::string webhook_id, workspace, type;
  std::int64_t after_event;
};

struct NewEvent {
  std::int64_t id;
  std::string workspace, type;
};

struct Wanted {
  std::string webhook_id;
  std::int64_t event_id;
  std::string delivery_id = NewUuidHex();
};

Delivery DeliveryFromRow(const sql::Row& row) {
  return Delivery{.id = row.String(0),
                  .webhook_id = row.String(1),
                  .url = row.String(2),
                  .sealed_secret = std::string(row.Bytes(3)),
                  .attempts = static_cast<int>(row.Int(4)),
                  .event = {.id = row.Int(5),
                            .time_ms = row.Int(6),
                            .workspace = row.String(7),
                            .principal = row.String(8),
                            .type = row.String(9),
                            .subject = row.String(10),
                            .payload = row.String(11)}};
}

struct FailurePayload {
  std::string webhook_id, delivery_id;
  std::int64_t event_id;
  std::string event_type, error;
};
BOOST_DESCRIBE_STRUCT(FailurePayload, (), (webhook_id, delivery_id, event_id, event_type, error))

}  // namespace

Status WebhookQueue::MoveNewEvents(std::int64_t now_ms) {
  if (!at_) {
    MARU_ASSIGN_OR_RETURN(saved_, events_.Cursor(kReader));
    at_ = saved_;
  }
  while (true) {
    // One snapshot: a webhook that is not in it was made after every event that is.
    std::int64_t last = 0;
    std::vector<Subscription> subscriptions;
    std::vector<NewEvent> fresh;
    MARU_RETURN_IF_ERROR(database_.Read([&](sql::Reader& r) -> Status {
      MARU_ASSIGN_OR_RETURN(const auto newest,
                            r.QueryOne(kLastEvent, {}, [](const sql::Row& row) { return row.Int(0); }));
      last = newest.value_or(0);
      fresh.clear();
      if (last <= *at_) return OkStatus();
      MARU_ASSIGN_OR_RETURN(subscriptions, r.QueryAll(kSubscriptions, {}, [](const sql::Row& row) {
        return Subscription{row.String(0), row.String(1), row.String(2), row.Int(3)};
      }));
      if (subscriptions.empty()) return OkStatus();
      MARU_ASSIGN_OR_RETURN(fresh, r.QueryAll(kEvents, {*at_, last, kEventsAtOnce}, [](const sql::Row& row) {
        return NewEvent{row.Int(0), row.String(1), row.String(2)};
      }));
      return OkStatus();
    }));
    if (last <= *at_) return OkStatus();
    const bool more = fresh.size() == kEventsAtOnce;
    const std::int64_t up_to = more ? fresh.back().id : last;
    std::vector<Wanted> wanted;
    for (const NewEvent& event : fresh) {
      for (const Subscription& s : subscriptions) {
        if (s.type == event.type && s.workspace == event.workspace && s.after_event < event.id) {
          wanted.push_back({s.webhook_id, event.id});
        }
      }
    }
    if (!wanted.empty() || up_to - saved_ >= kCursorLagMax) {
      MARU_RETURN_IF_ERROR(database_.Write([&](sql::Writer& w) -> Status {
        for (const Wanted& one : wanted) {
          // Deleted or disabled since the snapshot: then it is not to be told any more.
          MARU_ASSIGN_OR_RETURN(const auto active, w.QueryOne(kStillActive, {one.webhook_id},
                                                              [](const sql::Row& row) { return row.Int(0); }));
          if (!active) continue;
          MARU_RETURN_IF_ERROR(w.Execute(kInsert, {one.webhook_id, one.event_id, one.delivery_id, now_ms}).status());
        }
        return events_.SaveCursor(w, kReader, up_to);
      }));
      saved_ = up_to;
    }
    at_ = up_to;
    if (!more) return OkStatus();
  }
}

Result<std::vector<Delivery>> WebhookQueue::Due(std::int64_t now_ms, const std::set<std::string>& busy, int limit) {
  std::vector<Delivery> due;
  MARU_RETURN_IF_ERROR(database_.Read([&](sql::Reader& r) -> Status {
    due.clear();
    MARU_ASSIGN_OR_RETURN(const auto heads, r.QueryAll(kDueWebhooks, {now_ms}, [](const sql::Row& row) {
      return std::pair(row.String(0), row.Int(1));
    }));
    for (const auto& [webhook_id, event_id] : heads) {
      if (static_cast<int>(due.size()) >= limit) break;
      if (busy.contains(webhook_id)) continue;
      MARU_ASSIGN_OR_RETURN(auto delivery, r.QueryOne(kDelivery, {webhook_id, event_id}, DeliveryFromRow));
      if (delivery) due.push_back(*std::move(delivery));
    }
    return OkStatus();
  }));
  return due;
}

Result<std::optional<Delivery>> WebhookQueue::DueOf(std::string_view webhook_id, std::int64_t now_ms) {
  std::optional<Delivery> due;
  MARU_RETURN_IF_ERROR(database_.Read([&](sql::Reader& r) -> Status {
    due.reset();
    MARU_ASSIGN_OR_RETURN(const auto event_id, r.QueryOne(kDueOf, {webhook_id, now_ms},
                                                          [](const sql::Row& row) { return row.OptionalInt(0); }));
    if (!event_id || !*event_id) return OkStatus();
    MARU_ASSIGN_OR_RETURN(due, r.QueryOne(kDelivery, {webhook_id, **event_id}, DeliveryFromRow));
    return OkStatus();
  }));
  return due;
}

Result<std::optional<std::int64_t>> WebhookQueue::NextDue(const std::set<std::string>& busy) {
  std::optional<std::int64_t> next;
  MARU_RETURN_IF_ERROR(database_.Read([&](sql::Reader& r) {
    next.reset();
    return r.Query(kNextDue, {}, [&](const sql::Row& row) {
      if (!busy.contains(row.String(0))) next = std::min(next.value_or(INT64_MAX), row.Int(1));
      return OkStatus();
    });
  }));
  return next;
}

Status WebhookQueue::Retry(const Delivery& delivery, std::int64_t due_ms) {
  return database_.Write([&](sql::Writer& w) {
    return w.Execute(kRetry, {delivery.attempts, due_ms, delivery.webhook_id, delivery.event.id}).status();
  });
}

Status WebhookQueue::Finish(const Delivery& delivery, std::string_view failure) {
  const Caller caller{.principal = "maru", .workspace = delivery.event.workspace};
  const std::string payload = json::Encode(
      FailurePayload{delivery.webhook_id, delivery.id, delivery.event.id, delivery.event.type, std::string(failure)});
  MARU_RETURN_IF_ERROR(database_.Write([&](sql::Writer& w) -> Status {
    MARU_RETURN_IF_ERROR(w.Execute(kFinish, {delivery.webhook_id, delivery.event.id}).status());
    if (failure.empty()) return OkStatus();
    return events_.Append(w, caller, "webhook.delivery_failed", "webhook/" + delivery.webhook_id, payload);
  }));
  if (!failure.empty()) events_.Announce();
  return OkStatus();
}

}  // namespace maru::events
