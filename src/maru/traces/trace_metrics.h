// Numbers over many traces, for charts: how many, how long, how many tokens, at what cost, how well assessed; by time
// and by a few dimensions. What MLflow's overview pages ask for.
//
// Threads: a pure function of one snapshot. Errors: kInvalidArgument for a metric, aggregation, dimension or filter
// that does not exist.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "maru/base/caller.h"
#include "maru/sql/database.h"

namespace maru::traces {

enum class MetricView { kTraces = 1, kSpans = 2, kAssessments = 3 };
enum class Aggregation { kCount, kSum, kAverage, kPercentile, kMin, kMax };

struct MetricAggregation {
  Aggregation type = Aggregation::kCount;
  double percentile = 0;  // 0 to 100, linear between neighbours (Hyndman and Fan's method 7)
};

struct MetricQuery {
  std::vector<std::string> experiment_ids;
  MetricView view = MetricView::kTraces;
  std::string metric;
  std::vector<MetricAggregation> aggregations;
  std::vector<std::string> dimensions;
  std::vector<std::string> filters;              // each one comparison: "trace.status = 'OK'"
  std::optional<std::int64_t> interval_s;        // buckets of time; needs start and end
  std::optional<std::int64_t> start_ms, end_ms;  // both inclusive
  int max_results = 1000;
};

struct MetricPoint {
  std::optional<std::int64_t> bucket_ms;
  std::vector<std::string> dimensions;        // values, in the query's order
  std::vector<std::optional<double>> values;  // in the order of the aggregations
};

// Ordered by bucket, then by dimensions. Traces without a value for a dimension are left out.
Result<std::vector<MetricPoint>> QueryMetrics(sql::Database& database, const Caller& caller, const MetricQuery& query);

}  // namespace maru::traces
