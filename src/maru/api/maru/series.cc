// Metric series, downsampled here: a chart gets as many points as it can show, however many were logged.
#include "maru/api/maru/mount.h"
#include "maru/api/maru/operation.h"
#include "maru/tracking/run_service.h"

namespace maru::api::own {
namespace {

using tracking::RunService;

constexpr std::size_t kSeriesMax = 400;  // runs times keys of one request
constexpr std::int64_t kPointsMax = 10'000;

struct SeriesRequest {
  std::vector<std::string> run_ids;
  std::vector<std::string> keys;
  std::int64_t points = 1000;  // about as many of each series
  std::optional<std::int64_t> from_step;
  std::optional<std::int64_t> to_step;
};
BOOST_DESCRIBE_STRUCT(SeriesRequest, (), (run_ids, keys, points, from_step, to_step))

// One metric of one run: three columns of the same length, by step.
struct Series {
  std::string run_id;
  std::string key;
  std::vector<std::int64_t> steps;
  std::vector<std::int64_t> times_ms;
  std::vector<double> values;
};
BOOST_DESCRIBE_STRUCT(Series, (), (run_id, key, steps, times_ms, values))

struct SeriesSet {
  std::vector<Series> series;  // those that have points
};
BOOST_DESCRIBE_STRUCT(SeriesSet, (), (series))

Result<SeriesSet> ReadSeries(RunService& service, const Caller& caller, SeriesRequest request) {
  if (request.run_ids.size() * request.keys.size() > kSeriesMax) {
    return InvalidArgument("{} runs and {} keys are more than {} series; ask for fewer at a time",
                           request.run_ids.size(), request.keys.size(), kSeriesMax);
  }
  if (request.points < 2 || request.points > kPointsMax) {
    return InvalidArgument("points: expected 2 to {}, got {}", kPointsMax, request.points);
  }
  std::optional<tracking::StepRange> range;
  if (request.from_step || request.to_step) {
    range = tracking::StepRange{request.from_step.value_or(std::numeric_limits<std::int64_t>::min()),
                                request.to_step.value_or(std::numeric_limits<std::int64_t>::max())};
  }
  SeriesSet set;
  for (const std::string& run_id : request.run_ids) {
    for (const std::string& key : request.keys) {
      // A stretch is drawn by its lowest and its highest point, hence half as many stretches.
      const auto width = static_cast<std::size_t>(std::max<std::int64_t>(1, request.points / 2));
      MARU_ASSIGN_OR_RETURN(const auto points, service.ChartMetric(caller, run_id, key, width, range));
      if (points.empty()) continue;
      Series series{.run_id = run_id, .key = key};
      series.steps.reserve(points.size());
      series.times_ms.reserve(points.size());
      series.values.reserve(points.size());
      for (const tracking::MetricPoint& point : points) {
        series.steps.push_back(point.step);
        series.times_ms.push_back(point.timestamp_ms);
        series.values.push_back(point.value);
      }
      set.series.push_back(std::move(series));
    }
  }
  return set;
}

constexpr Row<RunService> kRows[] = {
    {Verb::kPost, "/series", Permission::kView, "Metric series of runs, downsampled for a chart", Does<ReadSeries>},
};

}  // namespace

void MountSeries(http::Router& router, Catalog& catalog, RunService& service) {
  Mount(router, catalog, service, "runs", kRows);
}

}  // namespace maru::api::own
