// The event log: a page of it, and live as it grows.
#include "maru/api/maru/event_shape.h"
#include "maru/api/maru/live_hub.h"
#include "maru/api/maru/mount.h"
#include "maru/api/maru/operation.h"
#include "maru/events/event_log.h"

namespace maru::api::own {
namespace {

using events::EventLog;

constexpr std::int64_t kEventsMax = 1000;

struct EventPage {
  std::vector<Event> events;  // the newest first
};
BOOST_DESCRIBE_STRUCT(EventPage, (), (events))

struct ListRequest {
  std::int64_t before = 0;  // an event's id; 0 begins at the newest
  std::string type;         // a prefix: "run." or "model_version"
  std::int64_t limit = 100;
};
BOOST_DESCRIBE_STRUCT(ListRequest, (), (before, type, limit))

struct LiveRequest {
  std::string type;
};
BOOST_DESCRIBE_STRUCT(LiveRequest, (), (type))

Result<EventPage> ListEvents(EventLog& log, const Caller& caller, ListRequest request) {
  if (request.limit < 1 || request.limit > kEventsMax) {
    return InvalidArgument("limit: expected 1 to {}, got {}", kEventsMax, request.limit);
  }
  MARU_ASSIGN_OR_RETURN(const auto found, log.ReadBackwards(request.before, static_cast<int>(request.limit),
                                                            caller.workspace, request.type));
  EventPage page;
  for (const events::Event& event : found) page.events.push_back(ShapeEvent(event));
  return page;
}

// Server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html). A reader that reconnects sends
// the last id that it saw, and misses nothing.
class EventStream final : public http::LiveSource {
 public:
  EventStream(std::shared_ptr<LiveListener> listener, std::string first)
      : listener_(std::move(listener)), first_(std::move(first)) {}

  Result<std::string> Take(bool* end) override {
    bool lost = false;
    std::string text = std::exchange(first_, {}) + listener_->Take(&lost);
    *end = lost;  // it comes back and catches up from the last event it has
    return text;
  }

  void WakeOnce(std::function<void()> wake) override { listener_->WakeOnce(std::move(wake)); }

 private:
  const std::shared_ptr<LiveListener> listener_;
  std::string first_;
};

constexpr int kCatchUpMax = 10'000;  // events; who was away longer is told to ask for everything again

Result<http::Reply> Live(LiveEvents& live, const http::Request& request, LiveRequest wanted) {
  auto listener = std::make_shared<LiveListener>(request.caller.workspace, wanted.type);
  const std::int64_t now = live.hub.Add(listener);
  std::string first = "retry: 1000\n\n";
  if (const std::string_view last = request.headers.Get("Last-Event-ID"); !last.empty()) {
    std::int64_t after = 0;
    MARU_RETURN_IF_ERROR(operation::ReadText("Last-Event-ID", last, after));
    MARU_ASSIGN_OR_RETURN(const auto missed, live.log.Read(after, kCatchUpMax, request.caller.workspace, wanted.type));
    if (missed.size() == kCatchUpMax) {
      first += fmt::format("id: {}\nevent: reset\ndata: {{}}\n\n", now);
    } else {
      for (const events::Event& event : missed) {
        if (event.id <= now) first += LiveHub::Format(event);
      }
    }
  }
  http::Reply reply{.content_type = "text/event-stream"};
  reply.headers.Add("Cache-Control", "no-store");
  reply.headers.Add("X-Accel-Buffering", "no");  // nginx
  reply.live = std::make_unique<EventStream>(std::move(listener), std::move(first));
  return reply;
}

constexpr Row<EventLog> kRows[] = {
    {Verb::kGet, "/events", Permission::kView, "What happened, the newest first", Does<ListEvents>},
};

constexpr Row<LiveEvents> kLiveRows[] = {
    {Verb::kGet, "/live", Permission::kView,
     "What happens, as server-sent events; of one type and subject within 200 ms only the last", Does<Live>},
};

}  // namespace

void MountEvents(http::Router& router, Catalog& catalog, LiveEvents& live) {
  Mount(router, catalog, live.log, "events", kRows);
  Mount(router, catalog, live, "events", kLiveRows);
}

}  // namespace maru::api::own
