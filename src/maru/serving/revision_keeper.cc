#include "maru/serving/revision_keeper.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <condition_variable>
#include <future>
#include <map>
#include <set>
#include <thread>

#include "maru/json/json.h"
#include "maru/serving/endpoint_store.h"

namespace maru::serving {

// What an alias event says.
struct AliasMoved {
  std::string name;
  std::string alias;
};
BOOST_DESCRIBE_STRUCT(AliasMoved, (), (name, alias))

struct RevisionEvent {
  std::string name;
  std::int64_t revision = 0;
  std::string model;
  std::string version;
  std::optional<std::string> error;
};
BOOST_DESCRIBE_STRUCT(RevisionEvent, (), (name, revision, model, version, error))

namespace {

constexpr std::string_view kCursorName = "serving";
constexpr std::string_view kAliasEvents = "model_version_alias.";
constexpr int kEventBatch = 500;
constexpr std::int64_t kEventPauseMs = 20;       // a busy log is read in gulps, not once per event
constexpr std::int64_t kResolveAgainMs = 2'000;  // when the registry could not be asked
constexpr int kLoaders = 2;

using Key = std::pair<std::string, std::string>;  // workspace, endpoint

std::string Message(const Status& status) {
  return std::string(status.message());
}

bool MayHelpToTryAgain(const Status& status) {
  return absl::IsUnavailable(status) || absl::IsDeadlineExceeded(status) || absl::IsResourceExhausted(status) ||
         absl::IsAborted(status);
}

struct Loaded {
  Key key;
  std::int64_t number;
  Result<std::unique_ptr<Revision>> revision;
};

// What other threads tell the keeper's. Outlives it: the last handle of a revision may.
struct Mailbox {
  std::mutex mutex;
  std::condition_variable changed;
  bool stop = false;
  bool events = true;
  std::vector<std::pair<Key, std::promise<void>>> refresh;
  std::vector<Loaded> loaded;
  std::vector<std::unique_ptr<Revision>> unload;
  int alive = 0;  // revisions handed out or waiting to be unloaded

  void Tell(auto&& note) {
    {
      const std::lock_guard lock(mutex);
      note(*this);
    }
    changed.notify_one();
  }
};

struct Entry {
  EndpointRow row;
  ModelUri uri;
  std::vector<RevisionRow> revisions;  // without retired ones
  std::shared_ptr<LiveEndpoint> live;
  std::set<std::int64_t> being_loaded;
  std::optional<std::int64_t> loaded;  // the number that serves
  std::map<std::int64_t, std::int64_t> retry_at_ms;
  std::optional<std::int64_t> look_again_at_ms;
};

class Keeper final : public RevisionKeeper {
 public:
  Keeper(sql::Database& database, events::EventLog& events, const Clock* clock, ModelSource& models,
         RevisionLoader& loader, EndpointTable& table)
      : database_(database), events_(events), clock_(clock), models_(models), loader_(loader), table_(table) {}

  Status Begin() {
    std::vector<EndpointRow> rows;
    MARU_RETURN_IF_ERROR(database_.Read([&](sql::Reader& reader) -> Status {
      MARU_ASSIGN_OR_RETURN(rows, endpoint_store::ListAll(reader));
      return OkStatus();
    }));
    MARU_ASSIGN_OR_RETURN(cursor_, events_.Cursor(kCursorName));
    for (EndpointRow& row : rows) Adopt(std::move(row));
    subscription_ = events_.OnAnnounce([mailbox = mailbox_] { mailbox->Tell([](Mailbox& m) { m.events = true; }); });
    thread_ = std::thread([this] { Loop(); });
    return OkStatus();
  }

  ~Keeper() override {
    subscription_.reset();
    loader_.Cancel();
    mailbox_->Tell([](Mailbox& m) { m.stop = true; });
    if (thread_.joinable()) thread_.join();
  }

  void Refresh(const std::string& workspace, const std::string& name) override {
    std::promise<void> done;
    const std::future<void> wait = done.get_future();
    mailbox_->Tell([&](Mailbox& m) { m.refresh.emplace_back(Key{workspace, name}, std::move(done)); });
    wait.wait();
  }

 private:
  void Loop() {
    pthread_setname_np(pthread_self(), "serving");
    for (auto& [key, entry] : entries_) Reconcile(entry);
    std::int64_t next_events_ms = 0;
    while (true) {
      std::vector<std::pair<Key, std::promise<void>>> refresh;
      std::vector<Loaded> loaded;
      std::vector<std::unique_ptr<Revision>> unload;
      bool events = false;
      {
        std::unique_lock lock(mailbox_->mutex);
        const auto ready = [&] {
          const Mailbox& m = *mailbox_;
          return m.stop || !m.refresh.empty() || !m.loaded.empty() || !m.unload.empty() ||
                 (m.events && clock_->NowMs() >= next_events_ms);
        };
        // Once around is enough: whatever is not due yet is looked at again after the wait that NextLook allows.
        const std::int64_t wait_ms = std::clamp<std::int64_t>(NextLook(next_events_ms) - clock_->NowMs(), 0, 60'000);
        if (!ready()) mailbox_->changed.wait_for(lock, std::chrono::milliseconds(wait_ms));
        if (mailbox_->stop) break;
        refresh.swap(mailbox_->refresh);
        loaded.swap(mailbox_->loaded);
        unload.swap(mailbox_->unload);
        if (mailbox_->events && clock_->NowMs() >= next_events_ms) {
          events = std::exchange(mailbox_->events, false);
          next_events_ms = clock_->NowMs() + kEventPauseMs;
        }
      }
      for (auto& [key, done] : refresh) {
        RefreshEntry(key);
        done.set_value();
      }
      for (Loaded& result : loaded) OnLoaded(std::move(result));
      Unload(std::move(unload));
      if (events) FollowAliases();
      const std::int64_t now = clock_->NowMs();
      for (auto& [key, entry] : entries_) {
        if (entry.look_again_at_ms && *entry.look_again_at_ms <= now) Reconcile(entry);
      }
    }
    ShutDown();
  }

  // When to look even if nobody says anything. Needs the mailbox's lock.
  std::int64_t NextLook(std::int64_t next_events_ms) const {
    std::int64_t next = clock_->NowMs() + 60'000;
    if (mailbox_->events) next = std::min(next, next_events_ms);
    for (const auto& [key, entry] : entries_) {
      if (entry.look_again_at_ms) next = std::min(next, *entry.look_again_at_ms);
    }
    return next;
  }

  void Adopt(EndpointRow row) {
    Entry entry;
    entry.live = std::make_shared<LiveEndpoint>(row.name);
    if (auto uri = ParseModelUri(row.model_uri); uri.ok()) entry.uri = *std::move(uri);
    entry.row = std::move(row);
    ReadRevisions(entry);
    for (const RevisionRow& revision : entry.revisions) {
      // The reason may be gone since: a restart tries once more.
      if (revision.state == RevisionState::kFailed) entry.retry_at_ms[revision.number] = clock_->NowMs();
    }
    table_.Put(entry.row.workspace, entry.live);
    const Key key{entry.row.workspace, entry.row.name};
    entries_[key] = std::move(entry);
  }

  void ReadRevisions(Entry& entry) {
    const Status status = database_.Read([&](sql::Reader& reader) -> Status {
      MARU_ASSIGN_OR_RETURN(entry.revisions,
                            endpoint_store::Revisions(reader, entry.row.workspace, entry.row.name, false));
      return OkStatus();
    });
    if (!status.ok()) spdlog::error("endpoint {}: {}", entry.row.name, Message(status));
  }

  void RefreshEntry(const Key& key) {
    std::optional<EndpointRow> row;
    const Status status = database_.Read([&](sql::Reader& reader) -> Status {
      MARU_ASSIGN_OR_RETURN(row, endpoint_store::Find(reader, key.first, key.second));
      return OkStatus();
    });
    if (!status.ok()) {
      spdlog::error("endpoint {}: {}", key.second, Message(status));
      return;
    }
    const auto at = entries_.find(key);
    if (!row) {
      if (at == entries_.end()) return;
      table_.Remove(key.first, key.second);
      at->second.live->Swap(nullptr);
      entries_.erase(at);
      return;
    }
    if (at == entries_.end() || at->second.row.created_ms != row->created_ms) {  // new, or made anew under its name
      if (at != entries_.end()) at->second.live->Swap(nullptr);
      Adopt(*std::move(row));
    } else {
      at->second.row = *std::move(row);
      if (auto uri = ParseModelUri(at->second.row.model_uri); uri.ok()) at->second.uri = *std::move(uri);
    }
    Reconcile(entries_[key]);
  }

  void FollowAliases() {
    while (true) {
      auto batch = events_.Read(cursor_, kEventBatch, {}, kAliasEvents);
      if (!batch.ok()) {
        spdlog::error("serving cannot read the event log: {}", Message(batch.status()));
        return;
      }
      if (batch->empty()) return;
      for (const events::Event& event : *batch) {
        cursor_ = event.id;
        const auto moved = json::Decode<AliasMoved>(event.payload);
        if (!moved.ok()) continue;
        for (auto& [key, entry] : entries_) {
          if (key.first != event.workspace || entry.uri.name != moved->name || entry.uri.alias != moved->alias)
            continue;
          Reconcile(entry);
        }
      }
      // Acting twice on an event does no harm, so the cursor need not share the acts' transactions.
      const Status saved =
          database_.Write([&](sql::Writer& writer) { return events_.SaveCursor(writer, kCursorName, cursor_); });
      if (!saved.ok()) spdlog::error("serving cannot save its place in the event log: {}", Message(saved));
    }
  }

  void Reconcile(Entry& entry) {
    entry.look_again_at_ms.reset();
    const Result<ResolvedModel> resolved = models_.Resolve(entry.row.workspace, entry.uri);
    std::optional<Aspired> aspired;
    if (resolved.ok()) {
      aspired = Aspired{resolved->version, entry.row.settings_generation};
    } else if (MayHelpToTryAgain(resolved.status())) {
      entry.look_again_at_ms = clock_->NowMs() + kResolveAgainMs;
    }
    for (int step = 0; step < 8;
         ++step) {  // each step starts something, so this ends by itself; the bound is for peace of mind
      const Decision decision = Decide(aspired, Views(entry), clock_->NowMs());
      if (decision.load) {
        StartLoad(entry, *decision.load);
      } else if (decision.add) {
        if (!AddRevision(entry, *resolved)) break;
      } else {
        if (decision.look_again_at_ms) entry.look_again_at_ms = decision.look_again_at_ms;
        break;
      }
    }
    ShowProblem(entry, resolved.status());
  }

  std::vector<RevisionView> Views(const Entry& entry) const {
    std::vector<RevisionView> views;
    for (const RevisionRow& row : entry.revisions) {
      const auto retry = entry.retry_at_ms.find(row.number);
      views.push_back({.number = row.number,
                       .version = row.model_version,
                       .settings_generation = row.settings_generation,
                       .state = row.state,
                       .loaded = entry.loaded == row.number,
                       .being_loaded = entry.being_loaded.contains(row.number),
                       .retry_at_ms = retry == entry.retry_at_ms.end() ? std::nullopt : std::optional(retry->second)});
    }
    return views;
  }

  void ShowProblem(Entry& entry, const Status& resolved) {
    std::string problem;
    if (!entry.revisions.empty() && entry.revisions.back().state == RevisionState::kFailed) {
      const RevisionRow& newest = entry.revisions.back();
      problem = fmt::format("revision {} (version {}) could not be loaded: {}", newest.number, newest.model_version,
                            newest.error);
    } else if (!resolved.ok()) {
      problem = fmt::format("{}: {}", entry.row.model_uri, Message(resolved));
    }
    entry.live->SetProblem(std::move(problem));
  }

  bool AddRevision(Entry& entry, const ResolvedModel& model) {
    const RevisionRow row{.model_name = model.name,
                          .model_version = model.version,
                          .settings_generation = entry.row.settings_generation,
                          .created_ms = clock_->NowMs()};
    const Status status = database_.Write([&](sql::Writer& writer) {
      return endpoint_store::AddRevision(writer, entry.row.workspace, entry.row.name, row).status();
    });
    if (!status.ok()) {
      spdlog::error("endpoint {}: {}", entry.row.name, Message(status));
      entry.look_again_at_ms = clock_->NowMs() + kResolveAgainMs;
      return false;
    }
    ReadRevisions(entry);
    return true;
  }

  void StartLoad(Entry& entry, std::int64_t number) {
    const auto row = std::find_if(entry.revisions.begin(), entry.revisions.end(),
                                  [&](const RevisionRow& r) { return r.number == number; });
    LoadRequest request{.workspace = entry.row.workspace,
                        .endpoint = entry.row.name,
                        .number = number,
                        .model_name = row->model_name,
                        .model_version = row->model_version,
                        .settings = entry.row.settings,
                        .stats = entry.live->stats()};
    entry.being_loaded.insert(number);
    entry.retry_at_ms.erase(number);
    const auto load = [this, mailbox = mailbox_, request = std::move(request)] {
      auto revision = loader_.Load(request);
      mailbox->Tell([&](Mailbox& m) {
        m.loaded.push_back({{request.workspace, request.endpoint}, request.number, std::move(revision)});
      });
    };
    if (!loaders_.TrySubmit(load)) {
      entry.being_loaded.erase(number);
      entry.retry_at_ms[number] = clock_->NowMs() + kResolveAgainMs;
      entry.look_again_at_ms = entry.retry_at_ms[number];
    }
  }

  void OnLoaded(Loaded result) {
    const auto at = entries_.find(result.key);
    if (at == entries_.end()) return;  // deleted meanwhile
    Entry& entry = at->second;
    entry.being_loaded.erase(result.number);
    const auto row = std::find_if(entry.revisions.begin(), entry.revisions.end(),
                                  [&](const RevisionRow& r) { return r.number == result.number; });
    if (row == entry.revisions.end()) return;  // retired meanwhile
    if (entry.loaded && *entry.loaded > result.number) return;
    if (result.revision.ok()) {
      Activate(entry, *row, *std::move(result.revision));
    } else {
      Fail(entry, *row, result.revision.status());
    }
    ReadRevisions(entry);
    Reconcile(entry);
  }

  void Activate(Entry& entry, const RevisionRow& row, std::unique_ptr<Revision> revision) {
    const std::int64_t number = row.number;
    if (row.state != RevisionState::kReady) {
      const std::string payload = json::Encode(RevisionEvent{
          .name = entry.row.name, .revision = number, .model = row.model_name, .version = row.model_version});
      const Status status = Record(entry, "endpoint.revision_ready", payload, [&](sql::Writer& writer) {
        return endpoint_store::MarkReady(writer, entry.row.workspace, entry.row.name, number, clock_->NowMs());
      });
      if (!status.ok()) {
        spdlog::error("endpoint {} revision {}: {}", entry.row.name, number, Message(status));
        entry.retry_at_ms[number] = clock_->NowMs() + kResolveAgainMs;
        entry.look_again_at_ms = entry.retry_at_ms[number];
        return;
      }
    }
    mailbox_->Tell([](Mailbox& m) { ++m.alive; });
    entry.live->Swap(RevisionHandle(revision.release(), [mailbox = mailbox_](Revision* last) {
      mailbox->Tell([&](Mailbox& m) { m.unload.emplace_back(last); });
    }));
    entry.loaded = number;
    spdlog::info("endpoint {} serves revision {}: {} version {}", entry.row.name, number, row.model_name,
                 row.model_version);
  }

  void Fail(Entry& entry, const RevisionRow& row, const Status& why) {
    spdlog::warn("endpoint {} revision {} ({} version {}) could not be loaded: {}", entry.row.name, row.number,
                 row.model_name, row.model_version, Message(why));
    if (MayHelpToTryAgain(why)) {
      entry.retry_at_ms[row.number] = clock_->NowMs() + RetryDelayMs(static_cast<int>(row.attempts) + 1);
    }
    const std::string payload = json::Encode(RevisionEvent{.name = entry.row.name,
                                                           .revision = row.number,
                                                           .model = row.model_name,
                                                           .version = row.model_version,
                                                           .error = Message(why)});
    const Status status = Record(entry, "endpoint.revision_failed", payload, [&](sql::Writer& writer) {
      return endpoint_store::MarkFailed(writer, entry.row.workspace, entry.row.name, row.number, Message(why),
                                        clock_->NowMs());
    });
    if (!status.ok()) spdlog::error("endpoint {}: {}", entry.row.name, Message(status));
  }

  Status Record(const Entry& entry, std::string_view type, const std::string& payload, auto&& change) {
    const Caller caller{.principal = "serving", .workspace = entry.row.workspace};
    const std::string subject = "endpoint/" + entry.row.name;
    MARU_RETURN_IF_ERROR(database_.Write([&](sql::Writer& writer) -> Status {
      MARU_RETURN_IF_ERROR(change(writer));
      return events_.Append(writer, caller, type, subject, payload);
    }));
    events_.Announce();
    return OkStatus();
  }

  void Unload(std::vector<std::unique_ptr<Revision>> revisions) {
    const int count = static_cast<int>(revisions.size());
    if (count == 0) return;
    revisions.clear();
    mailbox_->Tell([&](Mailbox& m) { m.alive -= count; });
  }

  void ShutDown() {
    for (auto& [key, entry] : entries_) {
      entry.live->Swap(nullptr);
      table_.Remove(key.first, key.second);
    }
    std::unique_lock lock(mailbox_->mutex);
    while (mailbox_->alive > 0) {
      mailbox_->changed.wait(lock, [&] { return !mailbox_->unload.empty(); });
      std::vector<std::unique_ptr<Revision>> unload;
      unload.swap(mailbox_->unload);
      lock.unlock();
      Unload(std::move(unload));
      lock.lock();
    }
    for (auto& [key, done] : mailbox_->refresh) done.set_value();
    mailbox_->refresh.clear();
  }

  sql::Database& database_;
  events::EventLog& events_;
  const Clock* const clock_;
  ModelSource& models_;
  RevisionLoader& loader_;
  EndpointTable& table_;
  const std::shared_ptr<Mailbox> mailbox_ = std::make_shared<Mailbox>();
  std::map<Key, Entry> entries_;  // the thread's own, once it runs
  std::int64_t cursor_ = 0;
  events::EventLog::Subscription subscription_;
  std::thread thread_;
  runtime::ThreadPool loaders_{{.name = "load", .threads_max = kLoaders, .queue_max = 4096}};
};

}  // namespace

Result<std::unique_ptr<RevisionKeeper>> RevisionKeeper::Start(sql::Database& database, events::EventLog& events,
                                                              const Clock* clock, ModelSource& models,
                                                              RevisionLoader& loader, EndpointTable& table) {
  auto keeper = std::make_unique<Keeper>(database, events, clock, models, loader, table);
  MARU_RETURN_IF_ERROR(keeper->Begin());
  return keeper;
}

}  // namespace maru::serving
