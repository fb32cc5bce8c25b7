// What is known of a chunk without unpacking it: enough to chart millions of points, and to skip chunks.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "maru/base/status.h"
#include "maru/tracking/metric_point.h"

namespace maru::tracking {

struct ChunkSummary {
  std::int64_t count = 0;
  std::int64_t min_step = 0, max_step = 0;
  std::int64_t min_time = 0, max_time = 0;
  MetricPoint first, last;      // by step
  MetricPoint lowest, highest;  // of the numbers; NaN when there is none
  bool in_step_order = false;   // the points lie in the order of a chart
};

ChunkSummary Summarize(std::span<const MetricPoint> points);  // of one point at least

// The points of a summary, as metric_chunks.summary keeps them; the integers have columns of their own.
std::string PackSummary(const ChunkSummary& summary);
Status UnpackSummary(std::string_view bytes, ChunkSummary& summary);

}  // namespace maru::tracking
