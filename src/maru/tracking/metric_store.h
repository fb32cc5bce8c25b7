// Where metric points live: a log that requests append to, folded in the background into compressed chunks and the
// latest value of each series.
//
// A read sees chunks and log together, so it is exact at any time. Folding moves points from the log to metric_chunks
// and latest_metrics in one transaction. A series of one point has no chunk: its latest value is the series.
//
// Threads: thread-safe. Fold runs on the compactor's thread and on those that need latest_metrics to be complete.
#pragma once

#include <absl/functional/function_ref.h>

#include <atomic>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "maru/base/status.h"
#include "maru/sql/database.h"
#include "maru/tracking/chunk_summary.h"
#include "maru/tracking/metric_log.h"

namespace maru::tracking {

// A run's latest value of one metric.
struct LatestMetric {
  std::int64_t run = 0;
  std::int64_t key = 0;
  MetricPoint point;
};

class MetricStore {
 public:
  // Rows that may wait in the log before requests are turned away.
  static constexpr std::int64_t kPendingMax = 1'000'000;

  explicit MetricStore(sql::Database& database) : database_(database) {}

  // Counts what waits in the log. Call once, before anything else.
  Status Open();

  // kResourceExhausted when the log is too long; ask before the write.
  Status Admit() const;
  // Appends a request's points in its transaction; afterwards, once it is committed, call Appended.
  static Status Append(sql::Writer& writer, std::int64_t run, const MetricLogPacker& points);
  void Appended() { pending_.fetch_add(1, std::memory_order_relaxed); }
  std::int64_t pending() const { return pending_.load(std::memory_order_relaxed); }

  // Folds at most `rows_max` rows of the log, oldest runs first, in one transaction. Returns how many it folded.
  Result<std::int64_t> FoldSome(std::int64_t rows_max);
  // Folds everything that waits for runs of these experiments, so that latest_metrics can be searched.
  Status FoldExperiments(std::span<const std::int64_t> experiments);

  // The latest values of all metrics of these runs, by run. Exact.
  static Status ReadLatest(sql::Reader& reader, std::span<const std::int64_t> runs, std::vector<LatestMetric>& out);

  // Every point of one series, in no order, doubles included.
  static Status ReadSeries(sql::Reader& reader, std::int64_t run, std::int64_t key, std::vector<MetricPoint>& out);

  // Calls `visit` for each chunk of the series with its summary. `points` decodes it into a vector.
  struct Chunk {
    ChunkSummary summary;
    std::int64_t seq = 0;
  };
  static Result<std::vector<Chunk>> ReadSummaries(sql::Reader& reader, std::int64_t run, std::int64_t key);
  static Status ReadChunk(sql::Reader& reader, std::int64_t run, std::int64_t key, std::int64_t seq,
                          std::vector<MetricPoint>& out);
  // The points of the series that still wait in the log.
  static Status ReadPending(sql::Reader& reader, std::int64_t run, std::int64_t key, std::vector<MetricPoint>& out);

 private:
  Status FoldRun(sql::Writer& writer, std::int64_t run, std::int64_t experiment, std::int64_t rows_max,
                 std::int64_t* folded);

  sql::Database& database_;
  std::atomic<std::int64_t> pending_{0};
};

}  // namespace maru::tracking
