#include "maru/events/event_log.h"

#include <mutex>
#include <utility>

#include "maru/sql/migration.h"

namespace maru::events {
namespace {

constexpr sql::Migration kMigrations[] = {{1, R"(
  CREATE TABLE events (
    id $SERIAL,
    time_ms BIGINT NOT NULL,
    workspace TEXT NOT NULL,
    principal TEXT NOT NULL,
    type TEXT NOT NULL,
    subject TEXT NOT NULL,
    payload TEXT NOT NULL
  );
  CREATE TABLE event_cursors (
    reader TEXT PRIMARY KEY,
    event_id BIGINT NOT NULL
  );
)"}};

constexpr std::string_view kAppend =
    "INSERT INTO events (time_ms, workspace, principal, type, subject, payload) VALUES (?, ?, ?, ?, ?, ?)";
// An empty workspace or prefix narrows nothing. The prefix is compared as text, so that '_' and '%' mean themselves.
constexpr std::string_view kRead =
    "SELECT id, time_ms, workspace, principal, type, subject, payload FROM events "
    "WHERE id > ? AND (? = '' OR workspace = ?) AND substr(type, 1, length(?)) = ? ORDER BY id LIMIT ?";
constexpr std::string_view kReadBackwards =
    "SELECT id, time_ms, workspace, principal, type, subject, payload FROM events "
    "WHERE id < ? AND (? = '' OR workspace = ?) AND substr(type, 1, length(?)) = ? ORDER BY id DESC LIMIT ?";
constexpr std::string_view kLastId = "SELECT MAX(id) FROM events";
constexpr std::string_view kCursor = "SELECT event_id FROM event_cursors WHERE reader = ?";
constexpr std::string_view kSaveCursor =
    "INSERT INTO event_cursors (reader, event_id) VALUES (?, ?) "
    "ON CONFLICT (reader) DO UPDATE SET event_id = excluded.event_id";

Event FromRow(const sql::Row& row) {
  return Event{.id = row.Int(0),
               .time_ms = row.Int(1),
               .workspace = row.String(2),
               .principal = row.String(3),
               .type = row.String(4),
               .subject = row.String(5),
               .payload = row.String(6)};
}

// The listeners outlive the log when a subscription does.
struct Listeners {
  std::mutex mutex;
  std::int64_t last_key = 0;
  std::vector<std::pair<std::int64_t, std::function<void()>>> list;
};

class SqlEventLog final : public EventLog {
 public:
  SqlEventLog(sql::Database& database, const Clock* clock) : database_(database), clock_(clock) {}

  Status Append(sql::Writer& writer, const Caller& caller, std::string_view type, std::string_view subject,
                std::string_view payload) override {
    return writer.Execute(kAppend, {clock_->NowMs(), caller.workspace, caller.principal, type, subject, payload})
        .status();
  }

  void Announce() override {
    std::lock_guard lock(listeners_->mutex);
    for (const auto& [key, wake] : listeners_->list) wake();
  }

  Result<std::vector<Event>> Read(std::int64_t after, int limit, std::string_view workspace,
                                  std::string_view type_prefix) override {
    return ReadWith(kRead, after, limit, workspace, type_prefix);
  }

  Result<std::vector<Event>> ReadBackwards(std::int64_t before, int limit, std::string_view workspace,
                                           std::string_view type_prefix) override {
    return ReadWith(kReadBackwards, before > 0 ? before : INT64_MAX, limit, workspace, type_prefix);
  }

  Result<std::int64_t> LastId() override { return Number(kLastId, {}); }

  Result<std::int64_t> Cursor(std::string_view reader) override { return Number(kCursor, {reader}); }

  Status SaveCursor(sql::Writer& writer, std::string_view reader, std::int64_t id) override {
    return writer.Execute(kSaveCursor, {reader, id}).status();
  }

  Subscription OnAnnounce(std::function<void()> wake) override {
    std::lock_guard lock(listeners_->mutex);
    const std::int64_t key = ++listeners_->last_key;
    listeners_->list.emplace_back(key, std::move(wake));
    // Taking it off under the mutex means that no wake is running once the handle is gone.
    return Subscription(nullptr, [listeners = listeners_, key](void*) {
      std::lock_guard guard(listeners->mutex);
      std::erase_if(listeners->list, [key](const auto& entry) { return entry.first == key; });
    });
  }

 private:
  Result<std::vector<Event>> ReadWith(std::string_view sql, std::int64_t from, int limit, std::string_view workspace,
                                      std::string_view type_prefix) {
    std::vector<Event> events;
    MARU_RETURN_IF_ERROR(database_.Read([&](sql::Reader& reader) -> Status {
      MARU_ASSIGN_OR_RETURN(
          events, reader.QueryAll(sql, {from, workspace, workspace, type_prefix, type_prefix, limit}, FromRow));
      return OkStatus();
    }));
    return events;
  }

  // The integer that `sql` selects; 0 when there is none.
  Result<std::int64_t> Number(std::string_view sql, const sql::Args& args) {
    std::int64_t number = 0;
    MARU_RETURN_IF_ERROR(database_.Read([&](sql::Reader& reader) -> Status {
      MARU_ASSIGN_OR_RETURN(const auto found,
                            reader.QueryOne(sql, args, [](const sql::Row& row) { return row.Int(0); }));
      number = found.value_or(0);
      return OkStatus();
    }));
    return number;
  }

  sql::Database& database_;
  const Clock* const clock_;
  const std::shared_ptr<Listeners> listeners_ = std::make_shared<Listeners>();
};

}  // namespace

Result<std::unique_ptr<EventLog>> EventLog::Open(sql::Database& database, const Clock* clock) {
  MARU_RETURN_IF_ERROR(sql::Migrate(database, "events", kMigrations));
  return std::make_unique<SqlEventLog>(database, clock);
}

}  // namespace maru::events
