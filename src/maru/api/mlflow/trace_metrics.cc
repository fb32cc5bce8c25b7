#include "maru/traces/trace_metrics.h"

#include "maru/api/mlflow/proto_time.h"
#include "maru/api/mlflow/required.h"
#include "maru/api/mlflow/rpc.h"
#include "maru/api/mlflow/traces.h"
#include "maru/traces/json_text.h"

namespace maru::api::mlflow {
namespace {

using traces::Aggregation;
using traces::TraceService;

constexpr EnumName kViews[] = {{"TRACES", 1}, {"SPANS", 2}, {"ASSESSMENTS", 3}};
constexpr EnumName kAggregations[] = {{"COUNT", 1}, {"SUM", 2}, {"AVG", 3}, {"PERCENTILE", 4}, {"MIN", 5}, {"MAX", 6}};

struct AggregationShape {
  json::Raw aggregation_type;
  std::optional<double> percentile_value;
};
BOOST_DESCRIBE_STRUCT(AggregationShape, (), (aggregation_type, percentile_value))

struct MetricsMessage {
  std::vector<std::string> experiment_ids;
  json::Raw view_type;
  std::string metric_name;
  std::vector<AggregationShape> aggregations;
  std::vector<std::string> dimensions, filters;
  std::optional<std::int64_t> time_interval_seconds, start_time_ms, end_time_ms;
  int max_results = 1000;
};
BOOST_DESCRIBE_STRUCT(MetricsMessage, (),
                      (experiment_ids, view_type, metric_name, aggregations, dimensions, filters, time_interval_seconds,
                       start_time_ms, end_time_ms, max_results))

struct DataPoint {
  std::string metric_name;
  std::map<std::string, std::string> dimensions;
  std::map<std::string, double> values;
};
BOOST_DESCRIBE_STRUCT(DataPoint, (), (metric_name, dimensions, values))

struct MetricsAnswer {
  std::vector<DataPoint> data_points;
};
BOOST_DESCRIBE_STRUCT(MetricsAnswer, (), (data_points))

// The name of an aggregation in answers: "AVG", "P99.0".
std::string Label(const traces::MetricAggregation& a) {
  switch (a.type) {
    case Aggregation::kCount:
      return "COUNT";
    case Aggregation::kSum:
      return "SUM";
    case Aggregation::kAverage:
      return "AVG";
    case Aggregation::kMin:
      return "MIN";
    case Aggregation::kMax:
      return "MAX";
    case Aggregation::kPercentile:
      break;
  }
  std::string label = "P";
  traces::AppendDouble(label, a.percentile);
  return label;
}

Result<MetricsAnswer> QueryTraceMetrics(TraceService& service, const Caller& caller, MetricsMessage in) {
  MARU_RETURN_IF_ERROR(Require("metric_name", in.metric_name));
  MARU_ASSIGN_OR_RETURN(const std::optional<int> view, ReadEnum("view_type", in.view_type, kViews));
  MARU_RETURN_IF_ERROR(Require("view_type", view));
  traces::MetricQuery query{.experiment_ids = std::move(in.experiment_ids),
                            .view = static_cast<traces::MetricView>(*view),
                            .metric = in.metric_name,
                            .dimensions = in.dimensions,
                            .filters = std::move(in.filters),
                            .interval_s = in.time_interval_seconds,
                            .start_ms = in.start_time_ms,
                            .end_ms = in.end_time_ms,
                            .max_results = in.max_results};
  for (const AggregationShape& shape : in.aggregations) {
    MARU_ASSIGN_OR_RETURN(const std::optional<int> type,
                          ReadEnum("aggregation_type", shape.aggregation_type, kAggregations));
    MARU_RETURN_IF_ERROR(Require("aggregation_type", type));
    query.aggregations.push_back({static_cast<Aggregation>(*type - 1), shape.percentile_value.value_or(-1)});
  }
  MARU_ASSIGN_OR_RETURN(const auto points, traces::QueryMetrics(service.database(), caller, query));
  MetricsAnswer answer;
  for (const traces::MetricPoint& point : points) {
    DataPoint out{.metric_name = in.metric_name};
    if (point.bucket_ms) {
      std::string time = FormatTimestamp(*point.bucket_ms);
      time.replace(time.size() - 1, 1, "+00:00");  // as Python's isoformat() has it
      out.dimensions.emplace("time_bucket", std::move(time));
    }
    for (std::size_t i = 0; i < point.dimensions.size(); ++i)
      out.dimensions.emplace(in.dimensions[i], point.dimensions[i]);
    for (std::size_t i = 0; i < point.values.size(); ++i) {
      if (point.values[i]) out.values.emplace(Label(query.aggregations[i]), *point.values[i]);
    }
    if (!out.values.empty()) answer.data_points.push_back(std::move(out));
  }
  return answer;
}

constexpr Rpc<TraceService> kTraceMetrics[] = {
    {Verb::kPost, "3.0/mlflow/traces/metrics", Permission::kView, Call<QueryTraceMetrics>},
};

}  // namespace

void MountTraceMetrics(http::Router& router, TraceService& service) {
  Mount(router, service, kTraceMetrics);
}

}  // namespace maru::api::mlflow
