#include "maru/api/mlflow/traces.h"

#include "maru/api/mlflow/required.h"
#include "maru/api/mlflow/rpc.h"
#include "maru/api/mlflow/trace_shapes.h"

namespace maru::api::mlflow {
namespace {

using traces::TraceService;

struct StartTraceMessage {
  std::optional<TraceShape> trace;
};
BOOST_DESCRIBE_STRUCT(StartTraceMessage, (), (trace))

struct TraceAnswer {
  TraceShape trace;
};
BOOST_DESCRIBE_STRUCT(TraceAnswer, (), (trace))

Result<TraceAnswer> StartTrace(TraceService& service, const Caller& caller, StartTraceMessage in) {
  if (!in.trace) return Missing("trace");
  MARU_ASSIGN_OR_RETURN(traces::TraceInfo info, ReadTraceInfo(in.trace->trace_info));
  MARU_ASSIGN_OR_RETURN(const traces::TraceInfo stored, service.StartTrace(caller, std::move(info)));
  return TraceAnswer{{.trace_info = ShapeOf(stored)}};
}

Result<TraceAnswer> GetTraceInfo(TraceService& service, const http::Request& request, Empty) {
  MARU_ASSIGN_OR_RETURN(const traces::TraceInfo info, service.GetInfo(request.caller, request.Capture("trace_id")));
  return TraceAnswer{{.trace_info = ShapeOf(info)}};
}

struct GetTraceMessage {
  std::string trace_id;
  bool allow_partial = false;
};
BOOST_DESCRIBE_STRUCT(GetTraceMessage, (), (trace_id, allow_partial))

Result<TraceAnswer> GetTrace(TraceService& service, const Caller& caller, GetTraceMessage in) {
  if (in.trace_id.empty()) return Missing("trace_id");
  MARU_ASSIGN_OR_RETURN(const traces::Trace trace, service.GetTrace(caller, in.trace_id, in.allow_partial));
  MARU_ASSIGN_OR_RETURN(TraceShape shape, ShapeOf(trace));
  return TraceAnswer{std::move(shape)};
}

struct BatchGetMessage {
  std::vector<std::string> trace_ids;
  std::vector<std::string> experiment_ids;
};
BOOST_DESCRIBE_STRUCT(BatchGetMessage, (), (trace_ids, experiment_ids))

struct TracesAnswer {
  std::vector<TraceShape> traces;
};
BOOST_DESCRIBE_STRUCT(TracesAnswer, (), (traces))

Result<TracesAnswer> BatchGetTraces(TraceService& service, const http::Request& request, BatchGetMessage in) {
  if (in.trace_ids.empty()) return Missing("trace_ids");
  std::optional<std::vector<std::string>> experiment_ids;
  if (!in.experiment_ids.empty() || request.Query("experiment_ids")) experiment_ids = std::move(in.experiment_ids);
  MARU_ASSIGN_OR_RETURN(const auto found, service.GetTraces(request.caller, in.trace_ids, experiment_ids));
  TracesAnswer answer;
  for (const traces::Trace& trace : found) {
    MARU_ASSIGN_OR_RETURN(TraceShape shape, ShapeOf(trace));
    answer.traces.push_back(std::move(shape));
  }
  return answer;
}

struct BatchGetInfosMessage {
  std::vector<std::string> trace_ids;
  std::optional<std::vector<std::string>> experiment_ids;
};
BOOST_DESCRIBE_STRUCT(BatchGetInfosMessage, (), (trace_ids, experiment_ids))

struct TraceInfosAnswer {
  std::vector<TraceInfoShape> trace_infos;
};
BOOST_DESCRIBE_STRUCT(TraceInfosAnswer, (), (trace_infos))

Result<TraceInfosAnswer> BatchGetTraceInfos(TraceService& service, const Caller& caller, BatchGetInfosMessage in) {
  if (in.trace_ids.empty()) return Missing("trace_ids");
  MARU_ASSIGN_OR_RETURN(const auto found, service.GetInfos(caller, in.trace_ids, in.experiment_ids));
  TraceInfosAnswer answer;
  for (const traces::TraceInfo& info : found) answer.trace_infos.push_back(ShapeOf(info));
  return answer;
}

struct SearchMessage {
  std::vector<TraceLocationShape> locations;
  std::string filter;
  int max_results = 100;
  std::vector<std::string> order_by;
  std::string page_token;
};
BOOST_DESCRIBE_STRUCT(SearchMessage, (), (locations, filter, max_results, order_by, page_token))

struct SearchAnswer {
  std::vector<TraceInfoShape> traces;
  std::optional<std::string> next_page_token;
};
BOOST_DESCRIBE_STRUCT(SearchAnswer, (), (traces, next_page_token))

Result<SearchAnswer> SearchTraces(TraceService& service, const Caller& caller, SearchMessage in) {
  if (in.locations.empty()) return Missing("locations");
  traces::TraceQuery query{.filter = std::move(in.filter),
                           .order_by = std::move(in.order_by),
                           .max_results = in.max_results,
                           .page_token = std::move(in.page_token)};
  for (const TraceLocationShape& location : in.locations) {
    if (location.mlflow_experiment) query.experiment_ids.push_back(location.mlflow_experiment->experiment_id);
  }
  MARU_ASSIGN_OR_RETURN(const traces::TracePage page, service.Search(caller, query));
  SearchAnswer answer;
  for (const traces::TraceInfo& info : page.traces) answer.traces.push_back(ShapeOf(info));
  if (!page.next_page_token.empty()) answer.next_page_token = page.next_page_token;
  return answer;
}

struct DeleteMessage {
  std::string experiment_id;
  std::optional<std::int64_t> max_timestamp_millis, max_traces;
  std::vector<std::string> request_ids;
};
BOOST_DESCRIBE_STRUCT(DeleteMessage, (), (experiment_id, max_timestamp_millis, max_traces, request_ids))

struct DeleteAnswer {
  std::int64_t traces_deleted = 0;
};
BOOST_DESCRIBE_STRUCT(DeleteAnswer, (), (traces_deleted))

Result<DeleteAnswer> DeleteTraces(TraceService& service, const Caller& caller, DeleteMessage in) {
  if (in.experiment_id.empty()) return Missing("experiment_id");
  MARU_ASSIGN_OR_RETURN(const std::int64_t deleted,
                        service.Delete(caller, {.experiment_id = std::move(in.experiment_id),
                                                .trace_ids = std::move(in.request_ids),
                                                .max_timestamp_ms = in.max_timestamp_millis,
                                                .max_traces = in.max_traces}));
  return DeleteAnswer{deleted};
}

struct TagMessage {
  std::string key, value;
};
BOOST_DESCRIBE_STRUCT(TagMessage, (), (key, value))

Result<Empty> SetTraceTag(TraceService& service, const http::Request& request, TagMessage in) {
  if (in.key.empty()) return Missing("key");
  MARU_RETURN_IF_ERROR(
      service.SetTag(request.caller, request.Capture("trace_id"), std::move(in.key), std::move(in.value)));
  return Empty{};
}

Result<Empty> DeleteTraceTag(TraceService& service, const http::Request& request, TagMessage in) {
  if (in.key.empty()) return Missing("key");
  MARU_RETURN_IF_ERROR(service.DeleteTag(request.caller, request.Capture("trace_id"), in.key));
  return Empty{};
}

struct LinkToRunMessage {
  std::vector<std::string> trace_ids;
  std::string run_id;
};
BOOST_DESCRIBE_STRUCT(LinkToRunMessage, (), (trace_ids, run_id))

Result<Empty> LinkTracesToRun(TraceService& service, const Caller& caller, LinkToRunMessage in) {
  if (in.trace_ids.empty()) return Missing("trace_ids");
  MARU_RETURN_IF_ERROR(service.LinkToRun(caller, in.trace_ids, in.run_id));
  return Empty{};
}

struct PromptVersionShape {
  std::string name, version;
};
BOOST_DESCRIBE_STRUCT(PromptVersionShape, (), (name, version))

struct LinkPromptsMessage {
  std::string trace_id;
  std::vector<PromptVersionShape> prompt_versions;
};
BOOST_DESCRIBE_STRUCT(LinkPromptsMessage, (), (trace_id, prompt_versions))

Result<Empty> LinkPromptsToTrace(TraceService& service, const Caller& caller, LinkPromptsMessage in) {
  if (in.trace_id.empty()) return Missing("trace_id");
  if (in.prompt_versions.empty()) return Missing("prompt_versions");
  std::vector<std::string> prompts;
  for (const PromptVersionShape& prompt : in.prompt_versions) prompts.push_back(prompt.name + "/" + prompt.version);
  MARU_RETURN_IF_ERROR(service.LinkPrompts(caller, in.trace_id, prompts));
  return Empty{};
}

struct CorrelationMessage {
  std::vector<std::string> experiment_ids;
  std::string filter_string1, filter_string2, base_filter;
};
BOOST_DESCRIBE_STRUCT(CorrelationMessage, (), (experiment_ids, filter_string1, filter_string2, base_filter))

struct CorrelationAnswer {
  double npmi = 0, npmi_smoothed = 0;
  std::int64_t filter1_count = 0, filter2_count = 0, joint_count = 0, total_count = 0;
};
BOOST_DESCRIBE_STRUCT(CorrelationAnswer, (),
                      (npmi, npmi_smoothed, filter1_count, filter2_count, joint_count, total_count))

Result<CorrelationAnswer> CalculateCorrelation(TraceService& service, const Caller& caller, CorrelationMessage in) {
  if (in.experiment_ids.empty()) return Missing("experiment_ids");
  if (in.filter_string1.empty()) return Missing("filter_string1");
  if (in.filter_string2.empty()) return Missing("filter_string2");
  MARU_ASSIGN_OR_RETURN(const traces::Correlation c, service.Correlate(caller, in.experiment_ids, in.filter_string1,
                                                                       in.filter_string2, in.base_filter));
  return CorrelationAnswer{c.npmi, c.npmi_smoothed, c.filter1_count, c.filter2_count, c.joint_count, c.total_count};
}

constexpr Rpc<TraceService> kTraces[] = {
    {Verb::kPost, "3.0/mlflow/traces", Permission::kEdit, Call<StartTrace>},
    {Verb::kGet, "3.0/mlflow/traces/{trace_id}", Permission::kView, Call<GetTraceInfo>},
    {Verb::kGet, "3.0/mlflow/traces/get", Permission::kView, Call<GetTrace>},
    {Verb::kGet, "3.0/mlflow/traces/batchGet", Permission::kView, Call<BatchGetTraces>},
    {Verb::kPost, "3.0/mlflow/traces/batchGetInfos", Permission::kView, Call<BatchGetTraceInfos>},
    {Verb::kPost, "3.0/mlflow/traces/search", Permission::kView, Call<SearchTraces>},
    {Verb::kPost, "3.0/mlflow/traces/delete-traces", Permission::kEdit, Call<DeleteTraces>},
    {Verb::kPost, "2.0/mlflow/traces/delete-traces", Permission::kEdit, Call<DeleteTraces>},
    {Verb::kPatch, "3.0/mlflow/traces/{trace_id}/tags", Permission::kEdit, Call<SetTraceTag>},
    {Verb::kPatch, "2.0/mlflow/traces/{trace_id}/tags", Permission::kEdit, Call<SetTraceTag>},
    {Verb::kDelete, "3.0/mlflow/traces/{trace_id}/tags", Permission::kEdit, Call<DeleteTraceTag>},
    {Verb::kDelete, "2.0/mlflow/traces/{trace_id}/tags", Permission::kEdit, Call<DeleteTraceTag>},
    {Verb::kPost, "2.0/mlflow/traces/link-to-run", Permission::kEdit, Call<LinkTracesToRun>},
    {Verb::kPost, "2.0/mlflow/traces/link-prompts", Permission::kEdit, Call<LinkPromptsToTrace>},
    {Verb::kPost, "3.0/mlflow/traces/calculate-filter-correlation", Permission::kView, Call<CalculateCorrelation>},
};

}  // namespace

void MountTraces(http::Router& router, TraceService& service) {
  Mount(router, service, kTraces);
}

}  // namespace maru::api::mlflow
