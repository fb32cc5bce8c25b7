// The spine: every change that others care about is appended here in the transaction that makes the change.
//
// Triggers, webhooks, lineage, audit and the live view are readers of this one log. Each keeps a durable cursor; ids
// grow in commit order, so a reader that goes on from its cursor misses nothing and never sees what was rolled back.
//
// Threads: EventLog is thread-safe. Append belongs to the write transaction that it is given.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "maru/base/caller.h"
#include "maru/base/clock.h"
#include "maru/base/status.h"
#include "maru/sql/database.h"

namespace maru::events {

// What happened, to what, by whom. `type` is noun.verb in the past tense: "run.created", "alias.moved".
struct Event {
  std::int64_t id = 0;       // given by the log
  std::int64_t time_ms = 0;  // since the Unix epoch; given by the log
  std::string workspace;
  std::string principal;
  std::string type;
  std::string subject;  // address of the noun: "run/7f3a…", "model/churn/3"
  std::string payload;  // a JSON object with what a reader needs to act, "{}" when the subject says it all
};

class EventLog {
 public:
  // Both must outlive the log. Creates its tables.
  static Result<std::unique_ptr<EventLog>> Open(sql::Database& database, const Clock* clock);
  virtual ~EventLog() = default;

  // Appends within `writer`'s transaction. After a Write that appended, call Announce.
  virtual Status Append(sql::Writer& writer, const Caller& caller, std::string_view type, std::string_view subject,
                        std::string_view payload = "{}") = 0;

  // Wakes the readers that wait. Cheap; call it after Database::Write returned OK.
  virtual void Announce() = 0;

  // At most `limit` events with id > after, oldest first. Empty `workspace` means all of them; `type_prefix` narrows
  // ("run." or "alias.moved").
  virtual Result<std::vector<Event>> Read(std::int64_t after, int limit, std::string_view workspace = {},
                                          std::string_view type_prefix = {}) = 0;
  // The newest events first, for people; `before` of 0 starts at the end.
  virtual Result<std::vector<Event>> ReadBackwards(std::int64_t before, int limit, std::string_view workspace = {},
                                                   std::string_view type_prefix = {}) = 0;
  virtual Result<std::int64_t> LastId() = 0;

  // Durable cursor of a named reader; 0 when it has never run. Save it in the transaction of what was done with the
  // events, where that is possible.
  virtual Result<std::int64_t> Cursor(std::string_view reader) = 0;
  virtual Status SaveCursor(sql::Writer& writer, std::string_view reader, std::int64_t id) = 0;

  // Calls `wake` after every Announce, on the announcing thread; it must only signal. Stops when the handle dies.
  using Subscription = std::shared_ptr<void>;
  [[nodiscard]] virtual Subscription OnAnnounce(std::function<void()> wake) = 0;
};

}  // namespace maru::events
