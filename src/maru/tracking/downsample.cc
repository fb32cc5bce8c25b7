#include "maru/tracking/downsample.h"

#include <algorithm>
#include <cmath>

#include "maru/tracking/run_service.h"

namespace maru::tracking {
namespace {

// Every point of the view, sorted as a chart shows them, once each.
Result<std::vector<MetricPoint>> ReadAll(sql::Reader& reader, const SeriesView& series) {
  std::vector<MetricPoint> points = series.loose;
  points.reserve(static_cast<std::size_t>(series.PointsMax()));
  for (const MetricStore::Chunk& chunk : series.chunks) {
    MARU_RETURN_IF_ERROR(MetricStore::ReadChunk(reader, series.run, series.key, chunk.seq, points));
  }
  std::erase_if(points, [&](const MetricPoint& p) { return p.step < series.first_step || p.step > series.last_step; });
  if (!std::is_sorted(points.begin(), points.end(), EarlierByStep))
    std::sort(points.begin(), points.end(), EarlierByStep);
  points.erase(std::unique(points.begin(), points.end(), SamePoint), points.end());
  return points;
}

std::vector<MetricPoint> SampleSorted(const std::vector<MetricPoint>& points, std::size_t points_max) {
  if (points.size() <= points_max) return points;
  if (points_max <= 1) return {points.back()};
  // As SQL's NTILE: the first size % points_max parts hold one point more.
  const std::size_t part = points.size() / points_max;
  const std::size_t larger = points.size() % points_max;
  std::vector<MetricPoint> sample;
  sample.reserve(points_max);
  for (std::size_t i = 0; i < points_max; ++i) sample.push_back(points[i * part + std::min(i, larger)]);
  sample.back() = points.back();
  return sample;
}

// One stretch of a chart.
struct Column {
  MetricPoint lowest, highest, nan;
  bool any = false, any_nan = false;

  void Add(const MetricPoint& p) {
    if (std::isnan(p.value)) {
      nan = p;
      any_nan = true;
      return;
    }
    if (!any || p.value < lowest.value) lowest = p;
    if (!any || p.value > highest.value) highest = p;
    any = true;
  }
};

}  // namespace

std::int64_t SeriesView::PointsMax() const {
  std::int64_t count = static_cast<std::int64_t>(loose.size());
  for (const MetricStore::Chunk& chunk : chunks) count += chunk.summary.count;
  return count;
}

Result<SeriesView> ReadSeriesView(sql::Reader& reader, std::int64_t run, std::int64_t key,
                                  const std::optional<StepRange>& range) {
  SeriesView view{.run = run, .key = key};
  if (range) {
    view.first_step = range->first;
    view.last_step = range->last;
  }
  MARU_ASSIGN_OR_RETURN(view.chunks, MetricStore::ReadSummaries(reader, run, key));
  if (view.chunks.empty()) {
    MARU_RETURN_IF_ERROR(MetricStore::ReadSeries(reader, run, key, view.loose));  // one point, and what waits
  } else {
    MARU_RETURN_IF_ERROR(MetricStore::ReadPending(reader, run, key, view.loose));
  }
  std::erase_if(view.loose, [&](const MetricPoint& p) { return p.step < view.first_step || p.step > view.last_step; });
  std::erase_if(view.chunks, [&](const MetricStore::Chunk& c) {
    return c.summary.max_step < view.first_step || c.summary.min_step > view.last_step;
  });
  std::stable_sort(view.chunks.begin(), view.chunks.end(),
                   [](const auto& a, const auto& b) { return EarlierByStep(a.summary.first, b.summary.first); });
  return view;
}

Result<std::vector<MetricPoint>> SampleEvenly(sql::Reader& reader, const SeriesView& series, std::size_t points_max) {
  points_max = std::max<std::size_t>(points_max, 1);
  const std::int64_t total = series.PointsMax();
  if (total <= kExactPoints || points_max == 1) {
    if (points_max == 1 && total > kExactPoints) {
      const MetricPoint* last = nullptr;
      for (const MetricStore::Chunk& c : series.chunks) {
        if (c.summary.max_step <= series.last_step && (!last || EarlierByStep(*last, c.summary.last)))
          last = &c.summary.last;
      }
      for (const MetricPoint& p : series.loose) {
        if (!last || EarlierByStep(*last, p)) last = &p;
      }
      if (last) return std::vector{*last};
    }
    MARU_ASSIGN_OR_RETURN(const std::vector<MetricPoint> points, ReadAll(reader, series));
    return SampleSorted(points, points_max);
  }
  // Each chunk gives its share: nothing, its first point without being unpacked, or an even sample.
  std::vector<MetricPoint> sample;
  std::int64_t before = 0;
  std::vector<MetricPoint> points;
  const auto targets_until = [&](std::int64_t index) {
    return static_cast<std::int64_t>(static_cast<double>(index) * static_cast<double>(points_max) /
                                     static_cast<double>(total));
  };
  MetricPoint last = series.chunks.front().summary.first;
  for (const MetricStore::Chunk& c : series.chunks) {
    const std::int64_t share = targets_until(before + c.summary.count) - targets_until(before);
    before += c.summary.count;
    const bool inside = c.summary.min_step >= series.first_step && c.summary.max_step <= series.last_step;
    if (inside && EarlierByStep(last, c.summary.last)) last = c.summary.last;
    if (share == 0) continue;
    if (share == 1 && inside) {
      sample.push_back(c.summary.first);
      continue;
    }
    points.clear();
    MARU_RETURN_IF_ERROR(MetricStore::ReadChunk(reader, series.run, series.key, c.seq, points));
    std::erase_if(points,
                  [&](const MetricPoint& p) { return p.step < series.first_step || p.step > series.last_step; });
    if (!c.summary.in_step_order) std::sort(points.begin(), points.end(), EarlierByStep);
    if (!points.empty() && EarlierByStep(last, points.back())) last = points.back();
    for (std::int64_t i = 0; i < share && !points.empty(); ++i) {
      sample.push_back(points[static_cast<std::size_t>(i) * points.size() / static_cast<std::size_t>(share)]);
    }
  }
  const std::vector<MetricPoint> loose = [&] {
    std::vector<MetricPoint> sorted = series.loose;
    std::sort(sorted.begin(), sorted.end(), EarlierByStep);
    return SampleSorted(sorted, static_cast<std::size_t>(targets_until(total) - targets_until(before)) + 1);
  }();
  sample.insert(sample.end(), loose.begin(), loose.end());
  sample.push_back(last);
  std::sort(sample.begin(), sample.end(), EarlierByStep);
  sample.erase(std::unique(sample.begin(), sample.end(), SamePoint), sample.end());
  return SampleSorted(sample, points_max);
}

Result<std::vector<MetricPoint>> ChartEnvelope(sql::Reader& reader, const SeriesView& series, std::size_t columns) {
  columns = std::clamp<std::size_t>(columns, 1, 100'000);
  if (series.PointsMax() <= static_cast<std::int64_t>(columns) * 2) return ReadAll(reader, series);

  std::int64_t min_step = INT64_MAX, max_step = INT64_MIN, min_time = INT64_MAX, max_time = INT64_MIN;
  const auto widen = [&](std::int64_t step_low, std::int64_t step_high, std::int64_t time_low, std::int64_t time_high) {
    min_step = std::min(min_step, std::max(step_low, series.first_step));
    max_step = std::max(max_step, std::min(step_high, series.last_step));
    min_time = std::min(min_time, time_low);
    max_time = std::max(max_time, time_high);
  };
  for (const auto& c : series.chunks)
    widen(c.summary.min_step, c.summary.max_step, c.summary.min_time, c.summary.max_time);
  for (const auto& p : series.loose) widen(p.step, p.step, p.timestamp_ms, p.timestamp_ms);
  const bool by_time = min_step == max_step;
  const double low = static_cast<double>(by_time ? min_time : min_step);
  const double width = std::max(static_cast<double>(by_time ? max_time : max_step) - low, 1.0);
  const auto column_of = [&](std::int64_t x) {
    const double share = (static_cast<double>(x) - low) / width;
    return std::min(columns - 1, static_cast<std::size_t>(std::max(share, 0.0) * static_cast<double>(columns)));
  };
  const auto x_of = [&](const MetricPoint& p) { return by_time ? p.timestamp_ms : p.step; };

  std::vector<Column> chart(columns);
  std::optional<MetricPoint> first, last;
  const auto add = [&](const MetricPoint& p) {
    if (p.step < series.first_step || p.step > series.last_step) return;
    if (!first || EarlierByStep(p, *first)) first = p;
    if (!last || EarlierByStep(*last, p)) last = p;
    chart[column_of(x_of(p))].Add(p);
  };
  for (const MetricPoint& p : series.loose) add(p);
  std::vector<MetricPoint> points;
  for (const MetricStore::Chunk& c : series.chunks) {
    const std::int64_t from = by_time ? c.summary.min_time : c.summary.min_step;
    const std::int64_t to = by_time ? c.summary.max_time : c.summary.max_step;
    const bool inside = c.summary.min_step >= series.first_step && c.summary.max_step <= series.last_step;
    // A chunk about as narrow as a column shows the same whether it is unpacked or not.
    if (inside && column_of(to) - column_of(from) <= 1) {
      for (const MetricPoint* p : {&c.summary.first, &c.summary.last, &c.summary.lowest, &c.summary.highest}) add(*p);
      continue;
    }
    points.clear();
    MARU_RETURN_IF_ERROR(MetricStore::ReadChunk(reader, series.run, series.key, c.seq, points));
    for (const MetricPoint& p : points) add(p);
  }
  std::vector<MetricPoint> line;
  if (first) line.push_back(*first);
  for (const Column& column : chart) {
    if (column.any) {
      line.push_back(column.lowest);
      line.push_back(column.highest);
    } else if (column.any_nan) {
      line.push_back(column.nan);
    }
  }
  if (last) line.push_back(*last);
  std::sort(line.begin(), line.end(), EarlierByStep);
  line.erase(std::unique(line.begin(), line.end(), SamePoint), line.end());
  return line;
}

}  // namespace maru::tracking
