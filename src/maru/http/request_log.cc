#include "maru/http/request_log.h"

#include <mutex>

#include "maru/base/log.h"

namespace maru::http {
namespace {

constexpr std::int64_t kSlowNs = 1'000'000'000;

void Log(const Served& served, log::Level level) {
  const Request& request = *served.request;
  log::Write(level, "request",
             {{"request_id", request.request_id},
              {"method", VerbName(request.verb)},
              {"path", request.path},
              {"status", served.status},
              {"duration_ms", static_cast<double>(served.duration_ns) / 1e6},
              {"bytes_in", served.bytes_in},
              {"bytes_out", served.bytes_out},
              {"principal", request.caller.principal},
              {"peer", request.peer}});
}

}  // namespace

RequestLog::RequestLog(metrics::Registry& registry)
    : registry_(registry),
      bytes_in_(registry.MakeCounter("maru_http_request_bytes_total", "Bytes of requests, heads included.")),
      bytes_out_(registry.MakeCounter("maru_http_response_bytes_total", "Bytes of replies, heads included.")) {}

RequestLog::Counted RequestLog::Find(const Served& served) {
  // Pointers use 48 bits here; the verb and the status fit into the rest and the alignment.
  const std::uint64_t key = (reinterpret_cast<std::uintptr_t>(served.route) << 16) ^
                            (static_cast<std::uint64_t>(served.request->verb) << 12) ^
                            static_cast<std::uint64_t>(served.status);
  {
    std::shared_lock lock(mutex_);
    if (const auto found = counted_.find(key); found != counted_.end()) return found->second;
  }
  const std::string method(VerbName(served.request->verb));
  const std::string route = served.route == nullptr ? "unmatched" : served.route->path;
  const Counted counted{
      registry_.MakeCounter("maru_http_requests_total", "Requests answered.",
                            {{"method", method}, {"route", route}, {"status", std::to_string(served.status)}}),
      registry_.MakeHistogram("maru_http_request_duration_seconds",
                              "From a request's first byte to the last byte of its reply.",
                              {{"method", method}, {"route", route}})};
  std::unique_lock lock(mutex_);
  return counted_.emplace(key, counted).first->second;
}

void RequestLog::Observe(const Served& served) {
  const Counted counted = Find(served);
  counted.requests.Add();
  counted.seconds.Observe(static_cast<double>(served.duration_ns) / 1e9);
  bytes_in_.Add(static_cast<double>(served.bytes_in));
  bytes_out_.Add(static_cast<double>(served.bytes_out));
  if (served.status >= 500) {
    Log(served, log::Level::kError);
  } else if (served.duration_ns > kSlowNs) {
    Log(served, log::Level::kWarn);
  } else if (log::Enabled(log::Level::kDebug)) {
    Log(served, log::Level::kDebug);
  }
}

}  // namespace maru::http
