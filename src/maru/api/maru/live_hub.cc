#include "maru/api/maru/live_hub.h"

#include <fmt/format.h>

#include <chrono>
#include <set>

#include "maru/api/maru/event_shape.h"

namespace maru::api::own {
namespace {

constexpr int kBatch = 1000;
constexpr std::chrono::milliseconds kPause{200};
// Proxies close what is silent; a comment keeps the stream open and finds clients that are gone.
constexpr std::chrono::seconds kHeartbeat{15};

}  // namespace

bool LiveListener::Wants(const events::Event& event) const {
  return (workspace_.empty() || event.workspace == workspace_) && event.type.starts_with(type_prefix_);
}

bool LiveListener::Offer(std::string_view text) {
  std::function<void()> wake;
  bool room;
  {
    const std::lock_guard lock(mutex_);
    room = waiting_.size() + text.size() <= kWaitingMax;
    if (room) {
      waiting_ += text;
    } else {
      lost_ = true;
    }
    wake.swap(wake_);
  }
  if (wake) wake();
  return room;
}

std::string LiveListener::Take(bool* lost) {
  const std::lock_guard lock(mutex_);
  *lost = lost_;
  return std::exchange(waiting_, {});
}

void LiveListener::WakeOnce(std::function<void()> wake) {
  {
    const std::lock_guard lock(mutex_);
    if (waiting_.empty() && !lost_) {
      wake_ = std::move(wake);
      return;
    }
  }
  wake();
}

Result<std::unique_ptr<LiveHub>> LiveHub::Start(events::EventLog& log) {
  MARU_ASSIGN_OR_RETURN(const std::int64_t last, log.LastId());
  std::unique_ptr<LiveHub> hub(new LiveHub(log, last));
  hub->subscription_ = log.OnAnnounce([hub = hub.get()] {
    const std::lock_guard lock(hub->mutex_);
    hub->announced_ = true;
    hub->news_.notify_one();
  });
  hub->thread_ = std::thread([hub = hub.get()] { hub->Run(); });
  return hub;
}

LiveHub::~LiveHub() {
  subscription_.reset();
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  news_.notify_one();
  thread_.join();
}

std::int64_t LiveHub::Add(const std::shared_ptr<LiveListener>& listener) {
  const std::lock_guard lock(mutex_);
  std::erase_if(listeners_, [](const auto& other) { return other.expired(); });
  listeners_.push_back(listener);
  return after_;
}

std::string LiveHub::Format(const events::Event& event) {
  return fmt::format("id: {}\ndata: {}\n\n", event.id, json::Encode(ShapeEvent(event)));
}

void LiveHub::Run() {
  std::unique_lock lock(mutex_);
  while (!stop_) {
    if (!news_.wait_for(lock, kHeartbeat, [&] { return announced_ || stop_; })) {
      for (const auto& weak : listeners_) {
        if (const auto listener = weak.lock()) listener->Offer(": still here\n\n");
      }
      continue;
    }
    if (stop_) return;
    announced_ = false;
    const std::int64_t after = after_;
    lock.unlock();
    const auto found = log_.Read(after, kBatch);
    lock.lock();
    // A log that cannot be read now is read after the next announcement; nothing is skipped.
    if (found.ok() && !found->empty()) {
      after_ = found->back().id;
      announced_ |= found->size() == kBatch;
      PassOn(*found);
    }
    news_.wait_for(lock, kPause, [&] { return stop_; });
  }
}

// With mutex_ held: what Add returned is exactly where a listener's events begin.
void LiveHub::PassOn(std::vector<events::Event> found) {
  std::set<std::pair<std::string_view, std::string_view>> seen;
  std::vector<const events::Event*> last;
  for (auto event = found.rbegin(); event != found.rend(); ++event) {
    if (seen.emplace(event->type, event->subject).second) last.push_back(&*event);
  }
  for (const auto& weak : listeners_) {
    const auto listener = weak.lock();
    if (!listener) continue;
    std::string text;
    for (auto event = last.rbegin(); event != last.rend(); ++event) {
      if (listener->Wants(**event)) text += Format(**event);
    }
    if (!text.empty()) listener->Offer(text);
  }
}

}  // namespace maru::api::own
