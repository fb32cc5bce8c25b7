// The background thread that folds the metric log into chunks, when the database has time for it.
//
// It waits until writing has been quiet for a moment, so that a burst of requests is not slowed down by its own
// clean-up, but not once the log has grown past a bound. Each transaction is small, because requests wait for it.
//
// Threads: thread-safe; owns one thread, joined by the destructor. Failures are tried again; points stay in the log.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "maru/tracking/metric_store.h"

namespace maru::tracking {

struct CompactorOptions {
  std::int64_t rows_per_transaction = 64;
  std::int64_t patience_rows = 50'000;  // a longer log is folded without waiting for quiet
  std::chrono::milliseconds quiet{300};
  std::chrono::milliseconds retry{1000};  // after a failure
};

class Compactor {
 public:
  // `store` must outlive the compactor.
  explicit Compactor(MetricStore& store, const CompactorOptions& options = {}) : store_(store), options_(options) {}
  ~Compactor();
  Compactor(const Compactor&) = delete;
  Compactor& operator=(const Compactor&) = delete;

  void Start();
  // Something was appended to the log.
  void Notice();

 private:
  void Run();

  MetricStore& store_;
  const CompactorOptions options_;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool stopping_ = false;
  bool sleeping_ = false;
  std::atomic<std::int64_t> noticed_{0};
  std::thread thread_;
};

}  // namespace maru::tracking
