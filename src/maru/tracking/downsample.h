// Fewer points of a long series: an even sample for clients that ask for one, and an envelope for charts.
//
// Chunks carry summaries, so that most of a long series is never unpacked. Memory is bounded by kExactPoints points.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "maru/tracking/metric_store.h"

namespace maru::tracking {

// Up to so many points are sampled from the whole sorted series; beyond it, chunk by chunk.
inline constexpr std::int64_t kExactPoints = 1'000'000;

// The part of a series that overlaps a range of steps: chunks by summary, and points that lie in no chunk.
struct SeriesView {
  std::int64_t run = 0;
  std::int64_t key = 0;
  std::int64_t first_step = INT64_MIN;
  std::int64_t last_step = INT64_MAX;
  std::vector<MetricStore::Chunk> chunks;  // by their lowest step
  std::vector<MetricPoint> loose;

  std::int64_t PointsMax() const;  // of the chunks as a whole, and the loose ones
};

struct StepRange;
Result<SeriesView> ReadSeriesView(sql::Reader& reader, std::int64_t run, std::int64_t key,
                                  const std::optional<StepRange>& range);

// Splits the series, ordered by step, time and value, into `points_max` even parts and takes the first point of each
// and the last of all; only the last when `points_max` is 1. As mlflow/store/tracking/sqlalchemy_store.py samples.
Result<std::vector<MetricPoint>> SampleEvenly(sql::Reader& reader, const SeriesView& series, std::size_t points_max);

// The lowest and the highest point of each of `columns` stretches of steps (of time, when there is one step only), and
// the first and last points; NaN only where a stretch has nothing else. Everything, when that is no more. The idea is
// M4's (Jugel et al., "M4: A Visualization-Oriented Time Series Data Aggregation", VLDB 2014).
Result<std::vector<MetricPoint>> ChartEnvelope(sql::Reader& reader, const SeriesView& series, std::size_t columns);

}  // namespace maru::tracking
