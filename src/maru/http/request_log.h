// Counts and logs every request that the server answered: an Observer for Server::Start.
//
// Metrics: maru_http_requests_total{method,route,status}, maru_http_request_duration_seconds{method,route},
// maru_http_request_bytes_total and maru_http_response_bytes_total. The label `route` is the pattern from the table of
// routes, so that it has few values.
//
// Log: server errors as errors, requests of over a second as warnings, all others at debug level: a line for each of
// tens of thousands of requests a second would cost more than answering them. Query strings and bodies are not logged.
#pragma once

#include <cstdint>
#include <shared_mutex>
#include <unordered_map>

#include "maru/base/metrics.h"
#include "maru/http/server.h"

namespace maru::http {

class RequestLog {
 public:
  explicit RequestLog(metrics::Registry& registry);  // must outlive this
  void Observe(const Served& served);                // thread-safe

 private:
  struct Counted {
    metrics::Counter requests;
    metrics::Histogram seconds;
  };
  Counted Find(const Served& served);

  metrics::Registry& registry_;
  const metrics::Counter bytes_in_;
  const metrics::Counter bytes_out_;
  std::shared_mutex mutex_;
  std::unordered_map<std::uint64_t, Counted> counted_;  // by route, method and status
};

}  // namespace maru::http
