// Series as clients read them: whole histories, even samples, charts.
#include <algorithm>

#include "maru/tracking/downsample.h"
#include "maru/tracking/page_token.h"
#include "maru/tracking/run_service.h"

namespace maru::tracking {

Result<Page<MetricPoint>> RunService::MetricHistory(const Caller& caller, std::string_view run_id, std::string_view key,
                                                    std::optional<std::int64_t> max_results,
                                                    std::string_view page_token) {
  MARU_ASSIGN_OR_RETURN(const std::int64_t offset, ParsePageToken(page_token));
  Page<MetricPoint> page;
  std::vector<MetricPoint>& points = page.items;
  MARU_RETURN_IF_ERROR(database_.Read([&](sql::Reader& reader) -> Status {
    points.clear();
    MARU_ASSIGN_OR_RETURN(const Target run, Find(reader, caller, run_id));
    MARU_ASSIGN_OR_RETURN(const std::int64_t number, names_.Find(reader, key));
    return MetricStore::ReadSeries(reader, run.id, number, points);
  }));
  if (!std::is_sorted(points.begin(), points.end(), Earlier)) std::sort(points.begin(), points.end(), Earlier);
  points.erase(std::unique(points.begin(), points.end(), SamePoint), points.end());
  const std::size_t start = std::min(points.size(), static_cast<std::size_t>(offset));
  points.erase(points.begin(), points.begin() + static_cast<std::ptrdiff_t>(start));
  if (max_results && points.size() > static_cast<std::size_t>(*max_results)) {
    points.resize(static_cast<std::size_t>(*max_results));
    page.next_page_token = MakePageToken(offset + *max_results);
  }
  return page;
}

Result<std::vector<MetricPoint>> RunService::SampleMetric(const Caller& caller, std::string_view run_id,
                                                          std::string_view key, std::size_t points_max,
                                                          std::optional<StepRange> range) {
  std::vector<MetricPoint> sample;
  MARU_RETURN_IF_ERROR(database_.Read([&](sql::Reader& reader) -> Status {
    MARU_ASSIGN_OR_RETURN(const Target run, Find(reader, caller, run_id));
    MARU_ASSIGN_OR_RETURN(const std::int64_t number, names_.Find(reader, key));
    MARU_ASSIGN_OR_RETURN(SeriesView series, ReadSeriesView(reader, run.id, number, range));
    MARU_ASSIGN_OR_RETURN(sample, SampleEvenly(reader, series, points_max));
    return OkStatus();
  }));
  return sample;
}

Result<std::vector<MetricPoint>> RunService::ChartMetric(const Caller& caller, std::string_view run_id,
                                                         std::string_view key, std::size_t pixels,
                                                         std::optional<StepRange> range) {
  std::vector<MetricPoint> chart;
  MARU_RETURN_IF_ERROR(database_.Read([&](sql::Reader& reader) -> Status {
    MARU_ASSIGN_OR_RETURN(const Target run, Find(reader, caller, run_id));
    MARU_ASSIGN_OR_RETURN(const std::int64_t number, names_.Find(reader, key));
    MARU_ASSIGN_OR_RETURN(SeriesView series, ReadSeriesView(reader, run.id, number, range));
    MARU_ASSIGN_OR_RETURN(chart, ChartEnvelope(reader, series, pixels));
    return OkStatus();
  }));
  return chart;
}

}  // namespace maru::tracking
