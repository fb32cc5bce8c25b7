// One point of a metric series, and the order in which MLflow calls one newer than another.
#pragma once

#include <bit>
#include <cmath>
#include <cstdint>
#include <tuple>

namespace maru::tracking {

struct MetricPoint {
  double value = 0;  // NaN is a value; infinities are stored as the largest finite doubles, as the peer does
  std::int64_t timestamp_ms = 0;
  std::int64_t step = 0;
};

// Bit for bit, so that NaN equals NaN.
inline bool SamePoint(const MetricPoint& a, const MetricPoint& b) {
  return a.timestamp_ms == b.timestamp_ms && a.step == b.step &&
         (a.value == b.value || (std::isnan(a.value) && std::isnan(b.value)));
}

// NaN counts as 0 wherever points are ordered, as in mlflow/store/tracking/sqlalchemy_store.py.
inline double OrderValue(double value) {
  return std::isnan(value) ? 0.0 : value;
}

// True when `a` is the latest of the two: by step, then time, then value.
inline bool Newer(const MetricPoint& a, const MetricPoint& b) {
  return std::make_tuple(a.step, a.timestamp_ms, OrderValue(a.value)) >
         std::make_tuple(b.step, b.timestamp_ms, OrderValue(b.value));
}

// The order of a history: by time, then step, then value.
inline bool Earlier(const MetricPoint& a, const MetricPoint& b) {
  return std::make_tuple(a.timestamp_ms, a.step, OrderValue(a.value), std::isnan(a.value)) <
         std::make_tuple(b.timestamp_ms, b.step, OrderValue(b.value), std::isnan(b.value));
}

// The order of a chart: by step first.
inline bool EarlierByStep(const MetricPoint& a, const MetricPoint& b) {
  return std::make_tuple(a.step, a.timestamp_ms, OrderValue(a.value), std::isnan(a.value)) <
         std::make_tuple(b.step, b.timestamp_ms, OrderValue(b.value), std::isnan(b.value));
}

}  // namespace maru::tracking
