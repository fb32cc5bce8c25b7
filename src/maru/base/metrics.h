// What Prometheus scrapes: counters, gauges and histograms with labels (https://prometheus.io/docs/practices/naming/):
// maru_<part>_<what>_<unit>, seconds and bytes, counters end in _total.
//
// Ask the registry once per set of labels and keep the handle: that takes a lock, using the handle does not wait.
// Handles are small values, valid as long as their registry. Thread-safe. Labels must have few values in all: never a
// user's text, an id, or a path.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

namespace prometheus {
class Counter;
class Gauge;
class Histogram;
class Registry;
}  // namespace prometheus

namespace maru::metrics {

using Labels = std::map<std::string, std::string>;

class Counter {
 public:
  void Add(double amount = 1) const;  // not negative

 private:
  friend class Registry;
  explicit Counter(prometheus::Counter* counter) : counter_(counter) {}
  prometheus::Counter* counter_;
};

class Gauge {
 public:
  void Set(double value) const;
  void Add(double amount) const;

 private:
  friend class Registry;
  explicit Gauge(prometheus::Gauge* gauge) : gauge_(gauge) {}
  prometheus::Gauge* gauge_;
};

class Histogram {
 public:
  void Observe(double value) const;

 private:
  friend class Registry;
  explicit Histogram(prometheus::Histogram* histogram) : histogram_(histogram) {}
  prometheus::Histogram* histogram_;
};

// Upper bounds for times of requests: 0.5 ms to 30 s.
const std::vector<double>& SecondsBuckets();

class Registry {
 public:
  Registry();
  ~Registry();

  Counter MakeCounter(const std::string& name, const std::string& help, const Labels& labels = {});
  Gauge MakeGauge(const std::string& name, const std::string& help, const Labels& labels = {});
  Histogram MakeHistogram(const std::string& name, const std::string& help, const Labels& labels,
                          const std::vector<double>& buckets = SecondsBuckets());

  // Prometheus' text format, version 0.0.4.
  std::string Render() const;

 private:
  std::unique_ptr<prometheus::Registry> registry_;
};

}  // namespace maru::metrics
