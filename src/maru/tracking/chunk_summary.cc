#include "maru/tracking/chunk_summary.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

namespace maru::tracking {
namespace {

constexpr std::size_t kPacked = 2 + 4 * 24;

void AppendPoint(std::string& out, const MetricPoint& p) {
  char bytes[24];
  std::memcpy(bytes, &p.value, 8);
  std::memcpy(bytes + 8, &p.timestamp_ms, 8);
  std::memcpy(bytes + 16, &p.step, 8);
  out.append(bytes, 24);
}

MetricPoint TakePoint(std::string_view& in) {
  MetricPoint p;
  std::memcpy(&p.value, in.data(), 8);
  std::memcpy(&p.timestamp_ms, in.data() + 8, 8);
  std::memcpy(&p.step, in.data() + 16, 8);
  in.remove_prefix(24);
  return p;
}

}  // namespace

ChunkSummary Summarize(std::span<const MetricPoint> points) {
  ChunkSummary s;
  s.count = static_cast<std::int64_t>(points.size());
  s.first = s.last = points.front();
  s.min_step = s.max_step = points.front().step;
  s.min_time = s.max_time = points.front().timestamp_ms;
  s.lowest.value = s.highest.value = std::numeric_limits<double>::quiet_NaN();
  s.in_step_order = true;
  for (std::size_t i = 0; i < points.size(); ++i) {
    const MetricPoint& p = points[i];
    s.min_step = std::min(s.min_step, p.step);
    s.max_step = std::max(s.max_step, p.step);
    s.min_time = std::min(s.min_time, p.timestamp_ms);
    s.max_time = std::max(s.max_time, p.timestamp_ms);
    if (EarlierByStep(p, s.first)) s.first = p;
    if (!EarlierByStep(p, s.last)) s.last = p;
    if (i > 0 && EarlierByStep(p, points[i - 1])) s.in_step_order = false;
    if (std::isnan(p.value)) continue;
    if (!(p.value >= s.lowest.value)) s.lowest = p;
    if (!(p.value <= s.highest.value)) s.highest = p;
  }
  return s;
}

std::string PackSummary(const ChunkSummary& s) {
  std::string out;
  out += '\x01';
  out += static_cast<char>(s.in_step_order);
  for (const MetricPoint* p : {&s.first, &s.last, &s.lowest, &s.highest}) AppendPoint(out, *p);
  return out;
}

Status UnpackSummary(std::string_view bytes, ChunkSummary& s) {
  if (bytes.size() != kPacked || bytes[0] != '\x01') return DataLoss("the summary of a metric chunk is damaged");
  s.in_step_order = bytes[1] != 0;
  bytes.remove_prefix(2);
  for (MetricPoint* p : {&s.first, &s.last, &s.lowest, &s.highest}) *p = TakePoint(bytes);
  return OkStatus();
}

}  // namespace maru::tracking
