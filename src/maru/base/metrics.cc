#include "maru/base/metrics.h"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

namespace maru::metrics {

void Counter::Add(double amount) const {
  counter_->Increment(amount);
}
void Gauge::Set(double value) const {
  gauge_->Set(value);
}
void Gauge::Add(double amount) const {
  gauge_->Increment(amount);
}
void Histogram::Observe(double value) const {
  histogram_->Observe(value);
}

const std::vector<double>& SecondsBuckets() {
  static const std::vector<double> buckets = {0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1,
                                              0.25,   0.5,   1,      2.5,   5,    10,    30};
  return buckets;
}

Registry::Registry() : registry_(std::make_unique<prometheus::Registry>()) {}
Registry::~Registry() = default;

Counter Registry::MakeCounter(const std::string& name, const std::string& help, const Labels& labels) {
  return Counter(&prometheus::BuildCounter().Name(name).Help(help).Register(*registry_).Add(labels));
}

Gauge Registry::MakeGauge(const std::string& name, const std::string& help, const Labels& labels) {
  return Gauge(&prometheus::BuildGauge().Name(name).Help(help).Register(*registry_).Add(labels));
}

Histogram Registry::MakeHistogram(const std::string& name, const std::string& help, const Labels& labels,
                                  const std::vector<double>& buckets) {
  return Histogram(&prometheus::BuildHistogram().Name(name).Help(help).Register(*registry_).Add(labels, buckets));
}

std::string Registry::Render() const {
  return prometheus::TextSerializer().Serialize(registry_->Collect());
}

}  // namespace maru::metrics
