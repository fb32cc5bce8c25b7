// Version 2 of the trace API: a record in two calls, spans in the artifacts. Deprecated, and still what old clients
// use.
#include "maru/api/mlflow/required.h"
#include "maru/api/mlflow/rpc.h"
#include "maru/api/mlflow/trace_shapes.h"
#include "maru/api/mlflow/traces.h"
#include "maru/base/ids.h"

namespace maru::api::mlflow {
namespace {

using traces::TraceService;

struct LabelShape {
  std::string key, value;
};
BOOST_DESCRIBE_STRUCT(LabelShape, (), (key, value))

traces::Labels LabelsOf(const std::vector<LabelShape>& shapes) {
  traces::Labels labels;
  for (const LabelShape& shape : shapes) labels.insert_or_assign(shape.key, shape.value);
  return labels;
}

struct TraceInfoV2Shape {
  std::string request_id, experiment_id;
  std::int64_t timestamp_ms = 0, execution_time_ms = 0;
  std::string status;
  std::vector<LabelShape> request_metadata, tags;
};
BOOST_DESCRIBE_STRUCT(TraceInfoV2Shape, (),
                      (request_id, experiment_id, timestamp_ms, execution_time_ms, status, request_metadata, tags))

TraceInfoV2Shape ShapeV2(const traces::TraceInfo& info) {
  TraceInfoV2Shape shape{
      info.trace_id, info.experiment_id, info.request_time_ms, info.execution_ms.value_or(0), info.state, {}, {}};
  if (shape.status == "STATE_UNSPECIFIED") shape.status = "TRACE_STATUS_UNSPECIFIED";
  for (const auto& [key, value] : info.metadata) shape.request_metadata.push_back({key, value});
  for (const auto& [key, value] : info.tags) shape.tags.push_back({key, value});
  return shape;
}

struct TraceInfoAnswer {
  TraceInfoV2Shape trace_info;
};
BOOST_DESCRIBE_STRUCT(TraceInfoAnswer, (), (trace_info))

struct StartMessage {
  std::string experiment_id;
  std::int64_t timestamp_ms = 0;
  std::vector<LabelShape> request_metadata, tags;
};
BOOST_DESCRIBE_STRUCT(StartMessage, (), (experiment_id, timestamp_ms, request_metadata, tags))

Result<TraceInfoAnswer> StartTraceV2(TraceService& service, const Caller& caller, StartMessage in) {
  traces::TraceInfo info;
  info.trace_id = NewUuidHex();
  info.experiment_id = std::move(in.experiment_id);
  info.request_time_ms = in.timestamp_ms;
  info.state = "IN_PROGRESS";
  info.metadata = LabelsOf(in.request_metadata);
  info.tags = LabelsOf(in.tags);
  MARU_ASSIGN_OR_RETURN(const traces::TraceInfo stored, service.StartTrace(caller, std::move(info)));
  return TraceInfoAnswer{ShapeV2(stored)};
}

struct EndMessage {
  std::int64_t timestamp_ms = 0;
  std::string status = "TRACE_STATUS_UNSPECIFIED";
  std::vector<LabelShape> request_metadata, tags;
};
BOOST_DESCRIBE_STRUCT(EndMessage, (), (timestamp_ms, status, request_metadata, tags))

Result<TraceInfoAnswer> EndTraceV2(TraceService& service, const http::Request& request, EndMessage in) {
  if (in.status == "TRACE_STATUS_UNSPECIFIED") in.status = "STATE_UNSPECIFIED";
  if (in.status != "OK" && in.status != "ERROR" && in.status != "IN_PROGRESS" && in.status != "STATE_UNSPECIFIED") {
    return InvalidArgument("Invalid value '{}' for parameter 'status' supplied.", in.status);
  }
  MARU_ASSIGN_OR_RETURN(const traces::TraceInfo stored,
                        service.EndTrace(request.caller, request.Capture("trace_id"), in.timestamp_ms,
                                         std::move(in.status), LabelsOf(in.request_metadata), LabelsOf(in.tags)));
  return TraceInfoAnswer{ShapeV2(stored)};
}

Result<TraceInfoAnswer> GetTraceInfoV2(TraceService& service, const http::Request& request, Empty) {
  MARU_ASSIGN_OR_RETURN(const traces::TraceInfo info, service.GetInfo(request.caller, request.Capture("trace_id")));
  return TraceInfoAnswer{ShapeV2(info)};
}

struct SearchV2Message {
  std::vector<std::string> experiment_ids;
  std::string filter;
  int max_results = 100;
  std::vector<std::string> order_by;
  std::string page_token;
};
BOOST_DESCRIBE_STRUCT(SearchV2Message, (), (experiment_ids, filter, max_results, order_by, page_token))

struct SearchV2Answer {
  std::vector<TraceInfoV2Shape> traces;
  std::optional<std::string> next_page_token;
};
BOOST_DESCRIBE_STRUCT(SearchV2Answer, (), (traces, next_page_token))

Result<SearchV2Answer> SearchTracesV2(TraceService& service, const Caller& caller, SearchV2Message in) {
  if (in.experiment_ids.empty()) return Missing("experiment_ids");
  MARU_ASSIGN_OR_RETURN(const traces::TracePage page,
                        service.Search(caller, {.experiment_ids = std::move(in.experiment_ids),
                                                .filter = std::move(in.filter),
                                                .order_by = std::move(in.order_by),
                                                .max_results = in.max_results,
                                                .page_token = std::move(in.page_token)}));
  SearchV2Answer answer;
  for (const traces::TraceInfo& info : page.traces) answer.traces.push_back(ShapeV2(info));
  if (!page.next_page_token.empty()) answer.next_page_token = page.next_page_token;
  return answer;
}

constexpr Rpc<TraceService> kTracesV2[] = {
    {Verb::kPost, "2.0/mlflow/traces", Permission::kEdit, Call<StartTraceV2>},
    {Verb::kGet, "2.0/mlflow/traces", Permission::kView, Call<SearchTracesV2>},
    {Verb::kPatch, "2.0/mlflow/traces/{trace_id}", Permission::kEdit, Call<EndTraceV2>},
    {Verb::kGet, "2.0/mlflow/traces/{trace_id}/info", Permission::kView, Call<GetTraceInfoV2>},
};

}  // namespace

void MountTracesV2(http::Router& router, TraceService& service) {
  Mount(router, service, kTracesV2);
}

}  // namespace maru::api::mlflow
