// Hands new events to every page that is open: one reader of the log for all of them.
//
// A busy server appends thousands of events a second, and a page only wants to know what is stale. So the log is read
// at most every 200 ms, and of the events of one type and subject in between only the last is passed on.
//
// Threads: thread-safe; owns one thread, which ends with the hub. Listeners must go before the hub does.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "maru/base/status.h"
#include "maru/events/event_log.h"

namespace maru::api::own {

// What one page has not been sent yet. Thread-safe.
class LiveListener {
 public:
  LiveListener(std::string workspace, std::string type_prefix)
      : workspace_(std::move(workspace)), type_prefix_(std::move(type_prefix)) {}

  // Adds to what waits. False when the reader is so slow that it should come back later and catch up.
  bool Offer(std::string_view text);
  bool Wants(const events::Event& event) const;
  // Takes what waits; sets *lost after an Offer that found no room.
  std::string Take(bool* lost);
  // Calls `wake` once when something waits: at once when it does already.
  void WakeOnce(std::function<void()> wake);

 private:
  static constexpr std::size_t kWaitingMax = 4 * 1024 * 1024;

  const std::string workspace_, type_prefix_;
  std::mutex mutex_;
  std::string waiting_;
  bool lost_ = false;
  std::function<void()> wake_;
};

class LiveHub {
 public:
  // `log` must outlive the hub.
  static Result<std::unique_ptr<LiveHub>> Start(events::EventLog& log);
  ~LiveHub();

  // From now on `listener` is offered every event with an id above the one returned, until it dies.
  std::int64_t Add(const std::shared_ptr<LiveListener>& listener);

  // An event as server-sent events have it.
  static std::string Format(const events::Event& event);

 private:
  LiveHub(events::EventLog& log, std::int64_t after) : log_(log), after_(after) {}
  void Run();
  void PassOn(std::vector<events::Event> found);

  events::EventLog& log_;
  std::mutex mutex_;
  std::condition_variable news_;
  bool announced_ = false;
  bool stop_ = false;
  std::int64_t after_;
  std::vector<std::weak_ptr<LiveListener>> listeners_;
  events::EventLog::Subscription subscription_;
  std::thread thread_;
};

}  // namespace maru::api::own
