#include "maru/tracking/metric_log.h"

#include <bit>
#include <cstring>

#include "maru/tracking/integer_column.h"

namespace maru::tracking {

void MetricLogPacker::Add(std::int64_t key, const MetricPoint& point) {
  AppendVarint(bytes_, static_cast<std::uint64_t>(key));
  AppendVarint(bytes_, ZigZag(point.step));
  AppendVarint(bytes_, ZigZag(static_cast<std::int64_t>(static_cast<std::uint64_t>(point.timestamp_ms) -
                                                        static_cast<std::uint64_t>(last_time_))));
  last_time_ = point.timestamp_ms;
  char value[8];
  std::memcpy(value, &point.value, 8);
  bytes_.append(value, 8);
}

Status UnpackMetricLog(std::string_view bytes, std::vector<KeyedPoint>& out) {
  const auto broken = [] { return DataLoss("a row of the metric log is damaged"); };
  if (bytes.empty() || bytes.front() != '\x01') return broken();
  bytes.remove_prefix(1);
  std::int64_t time = 0;
  while (!bytes.empty()) {
    std::uint64_t key = 0, step = 0, gap = 0;
    if (!TakeVarint(bytes, key) || !TakeVarint(bytes, step) || !TakeVarint(bytes, gap) || bytes.size() < 8)
      return broken();
    time = static_cast<std::int64_t>(static_cast<std::uint64_t>(time) + static_cast<std::uint64_t>(UnZigZag(gap)));
    KeyedPoint& p = out.emplace_back();
    p.key = static_cast<std::int64_t>(key);
    p.point.step = UnZigZag(step);
    p.point.timestamp_ms = time;
    std::memcpy(&p.point.value, bytes.data(), 8);
    bytes.remove_prefix(8);
  }
  return OkStatus();
}

}  // namespace maru::tracking
