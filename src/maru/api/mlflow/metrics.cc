// mlflow/metrics/*: histories, in bulk, and sampled.
#include <algorithm>
#include <charconv>

#include "maru/api/mlflow/required.h"
#include "maru/api/mlflow/rpc.h"
#include "maru/api/mlflow/tracking_routes.h"
#include "maru/api/mlflow/tracking_shapes.h"

namespace maru::api::mlflow {
namespace {

using tracking::RunService;

constexpr std::int64_t kBulkResultsMax = 25'000;
constexpr std::size_t kRunsMax = 100;
constexpr std::int64_t kSamplesMax = 2500;  // per run

struct HistoryRequest {
  std::string run_id;
  std::string run_uuid;
  std::string metric_key;
  std::optional<std::int64_t> max_results;
  std::string page_token;
};
BOOST_DESCRIBE_STRUCT(HistoryRequest, (), (run_id, run_uuid, metric_key, max_results, page_token))

// Without the members that points of a history never have: a history may be a million points.
struct PointJson {
  std::string_view key;
  double value = 0;
  std::int64_t timestamp = 0;
  std::int64_t step = 0;
};
BOOST_DESCRIBE_STRUCT(PointJson, (), (key, value, timestamp, step))

struct HistoryResponse {
  std::vector<PointJson> metrics;
  std::optional<std::string> next_page_token;
};
BOOST_DESCRIBE_STRUCT(HistoryResponse, (), (metrics, next_page_token))

struct BulkRequest {
  std::vector<std::string> run_id;
  std::optional<std::string> metric_key;
  std::optional<std::int64_t> max_results;
};
BOOST_DESCRIBE_STRUCT(BulkRequest, (), (run_id, metric_key, max_results))

struct PointOfRunJson {
  std::string_view key;
  double value = 0;
  std::int64_t timestamp = 0;
  std::int64_t step = 0;
  std::string_view run_id;
};
BOOST_DESCRIBE_STRUCT(PointOfRunJson, (), (key, value, timestamp, step, run_id))

struct BulkResponse {
  std::vector<PointOfRunJson> metrics;
};
BOOST_DESCRIBE_STRUCT(BulkResponse, (), (metrics))

struct IntervalRequest {
  std::vector<std::string> run_ids;
  std::string metric_key;
  std::optional<std::int64_t> start_step;
  std::optional<std::int64_t> end_step;
  std::optional<std::int64_t> max_results;
};
BOOST_DESCRIBE_STRUCT(IntervalRequest, (), (run_ids, metric_key, start_step, end_step, max_results))

// These views must not outlive the request, so the reply is written here and not by Call.
Result<http::Reply> History(RunService& runs, const http::Request& request) {
  MARU_ASSIGN_OR_RETURN(const HistoryRequest in, DecodeRequest<HistoryRequest>(request));
  const std::string& run_id = in.run_id.empty() ? in.run_uuid : in.run_id;
  MARU_RETURN_IF_ERROR(Require("run_id", run_id));
  MARU_RETURN_IF_ERROR(Require("metric_key", in.metric_key));
  if (in.max_results && *in.max_results <= 0) {
    return InvalidArgument("Invalid value {} for parameter 'max_results' supplied. It must be a positive integer.",
                           *in.max_results);
  }
  MARU_ASSIGN_OR_RETURN(auto page,
                        runs.MetricHistory(request.caller, run_id, in.metric_key, in.max_results, in.page_token));
  HistoryResponse out;
  out.metrics.reserve(page.items.size());
  for (const tracking::MetricPoint& p : page.items)
    out.metrics.push_back({in.metric_key, p.value, p.timestamp_ms, p.step});
  if (!page.next_page_token.empty()) out.next_page_token = std::move(page.next_page_token);
  return http::Reply::Json(json::Encode(out));
}

Result<http::Reply> Bulk(RunService& runs, const http::Request& request) {
  MARU_ASSIGN_OR_RETURN(BulkRequest in, DecodeRequest<BulkRequest>(request));
  if (in.run_id.empty()) return InvalidArgument("GetMetricHistoryBulk request must specify at least one run_id.");
  if (in.run_id.size() > kRunsMax) {
    return InvalidArgument("GetMetricHistoryBulk request cannot specify more than {} run_ids. Received {} run_ids.",
                           kRunsMax, in.run_id.size());
  }
  if (!in.metric_key) return InvalidArgument("GetMetricHistoryBulk request must specify a metric_key.");
  const std::int64_t limit = std::clamp<std::int64_t>(in.max_results.value_or(kBulkResultsMax), 0, kBulkResultsMax);
  std::sort(in.run_id.begin(), in.run_id.end());
  BulkResponse out;
  for (const std::string& run_id : in.run_id) {
    const std::int64_t left = limit - static_cast<std::int64_t>(out.metrics.size());
    if (left <= 0) break;
    const auto page = runs.MetricHistory(request.caller, run_id, *in.metric_key, left);
    if (absl::IsNotFound(page.status())) continue;  // as the peer: a run that is not there has no points
    MARU_RETURN_IF_ERROR(page.status());
    for (const tracking::MetricPoint& p : page->items)
      out.metrics.push_back({*in.metric_key, p.value, p.timestamp_ms, p.step, run_id});
  }
  return http::Reply::Json(json::Encode(out));
}

Result<http::Reply> Interval(RunService& runs, const http::Request& request) {
  constexpr std::string_view kSeeDocs = "See the API docs for more information about request parameters.";
  MARU_ASSIGN_OR_RETURN(const IntervalRequest in, DecodeRequest<IntervalRequest>(request));
  if (in.run_ids.empty()) return Missing("run_ids");
  if (in.run_ids.size() > kRunsMax) {
    return InvalidArgument(
        "GetMetricHistoryBulkInterval request must specify at most {} run_ids. Received {} run_ids. {}", kRunsMax,
        in.run_ids.size(), kSeeDocs);
  }
  MARU_RETURN_IF_ERROR(Require("metric_key", in.metric_key));
  const std::int64_t points_max = in.max_results.value_or(kSamplesMax);
  if (points_max < 1 || points_max > kSamplesMax) {
    return InvalidArgument("max_results must be between 1 and {}. {}", kSamplesMax, kSeeDocs);
  }
  std::optional<tracking::StepRange> range;
  if (in.start_step && in.end_step) {
    range = {*in.start_step, *in.end_step};
    if (range->first > range->last) {
      return InvalidArgument("end_step must be greater than start_step. Found start_step={} and end_step={}.",
                             range->first, range->last);
    }
  } else if (in.start_step || in.end_step) {
    return InvalidArgument("If either start step or end step are specified, both must be specified.");
  }
  BulkResponse out;
  for (const std::string& run_id : in.run_ids) {
    MARU_ASSIGN_OR_RETURN(const auto points, runs.SampleMetric(request.caller, run_id, in.metric_key,
                                                               static_cast<std::size_t>(points_max), range));
    for (const tracking::MetricPoint& p : points)
      out.metrics.push_back({in.metric_key, p.value, p.timestamp_ms, p.step, run_id});
  }
  return http::Reply::Json(json::Encode(out));
}

constexpr Rpc<RunService> kRoutes[] = {
    {Verb::kGet, "2.0/mlflow/metrics/get-history", Permission::kView, History},
    {Verb::kGet, "2.0/mlflow/metrics/get-history-bulk", Permission::kView, Bulk},
    {Verb::kGet, "2.0/mlflow/metrics/get-history-bulk-interval", Permission::kView, Interval},
};

}  // namespace

void MountMetrics(http::Router& router, RunService& runs) {
  Mount(router, runs, kRoutes);
}

}  // namespace maru::api::mlflow
