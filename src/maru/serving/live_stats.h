// What an endpoint has answered since the server started, counted without locks on the path of a request.
//
// Threads: thread-safe; a reader may see a request in one counter and not yet in another.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>

namespace maru::serving {

// Latencies in buckets of a quarter octave: a quantile is off by at most 19 percent of itself.
class LatencyHistogram {
 public:
  static constexpr int kBuckets = 112;  // up to 2^28 µs, about four and a half minutes

  void Add(std::int64_t ns) {
    buckets_[Bucket(ns)].fetch_add(1, std::memory_order_relaxed);
    sum_ns_.fetch_add(ns, std::memory_order_relaxed);
  }
  std::array<std::int64_t, kBuckets> Counts() const;
  std::int64_t sum_ns() const { return sum_ns_.load(std::memory_order_relaxed); }

  static int Bucket(std::int64_t ns);
  static double UpperBoundSeconds(int bucket);
  // The latency below which `q` (0 to 1) of `counts` lie, interpolated inside its bucket; 0 when there are none.
  static double QuantileSeconds(const std::array<std::int64_t, kBuckets>& counts, double q);

 private:
  std::array<std::atomic<std::int64_t>, kBuckets> buckets_{};
  std::atomic<std::int64_t> sum_ns_{0};
};

struct LiveStats {
  std::atomic<std::int64_t> requests{0};  // finished, errors included
  std::atomic<std::int64_t> errors{0};    // finished with an error of any kind
  std::atomic<std::int64_t> failures{0};  // of those, the server's: not the caller's input
  std::atomic<std::int64_t> in_flight{0};
  std::atomic<std::int64_t> last_request_ms{0};
  LatencyHistogram latency;
};

}  // namespace maru::serving
