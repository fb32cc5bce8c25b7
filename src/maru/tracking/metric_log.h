// The packed points of one request: what a row of metric_log holds until the compactor takes it.
//
// Format, version 1: the byte 1, then for each point varint name number, zigzag varint step, zigzag varint time minus
// the previous point's time, and the value's 8 bytes, little-endian. Pure functions; unpacking trusts no byte.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "maru/base/status.h"
#include "maru/tracking/metric_point.h"

namespace maru::tracking {

struct KeyedPoint {
  std::int64_t key = 0;  // in NameTable
  MetricPoint point;
};

class MetricLogPacker {
 public:
  MetricLogPacker() : bytes_(1, '\x01') {}
  void Add(std::int64_t key, const MetricPoint& point);
  const std::string& bytes() const { return bytes_; }
  bool empty() const { return bytes_.size() == 1; }

 private:
  std::string bytes_;
  std::int64_t last_time_ = 0;
};

// Appends the row's points, in the order logged.
Status UnpackMetricLog(std::string_view bytes, std::vector<KeyedPoint>& out);

}  // namespace maru::tracking
