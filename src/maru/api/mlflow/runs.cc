// mlflow/runs/*: described requests in, one call of RunService, described responses out.
#include "maru/api/mlflow/required.h"
#include "maru/api/mlflow/rpc.h"
#include "maru/api/mlflow/tracking_routes.h"
#include "maru/api/mlflow/tracking_shapes.h"
#include "maru/base/clock.h"

namespace maru::api::mlflow {
namespace {

using tracking::RunService;

constexpr std::size_t kDatasetSearchExperimentsMax = 20;
constexpr std::size_t kBatchBytesMax = 1'000'000;

struct CreateRunRequest {
  std::string experiment_id;
  std::string user_id;
  std::string run_name;
  std::optional<std::int64_t> start_time;
  std::vector<KeyValue> tags;
};
BOOST_DESCRIBE_STRUCT(CreateRunRequest, (), (experiment_id, user_id, run_name, start_time, tags))

struct RunResponse {
  RunJson run;
};
BOOST_DESCRIBE_STRUCT(RunResponse, (), (run))

// Old clients send run_uuid.
struct RunIdRequest {
  std::string run_id;
  std::string run_uuid;
};
BOOST_DESCRIBE_STRUCT(RunIdRequest, (), (run_id, run_uuid))

struct UpdateRunRequest {
  std::string run_id;
  std::string run_uuid;
  json::Raw status;
  std::optional<std::int64_t> end_time;
  std::string run_name;
};
BOOST_DESCRIBE_STRUCT(UpdateRunRequest, (), (run_id, run_uuid, status, end_time, run_name))

struct RunInfoResponse {
  RunInfoJson run_info;
};
BOOST_DESCRIBE_STRUCT(RunInfoResponse, (), (run_info))

struct LogMetricRequest {
  std::string run_id;
  std::string run_uuid;
  std::string key;
  std::optional<double> value;
  std::optional<std::int64_t> timestamp;
  std::int64_t step = 0;
  std::string model_id;
  std::string dataset_name;
  std::string dataset_digest;
};
BOOST_DESCRIBE_STRUCT(LogMetricRequest, (),
                      (run_id, run_uuid, key, value, timestamp, step, model_id, dataset_name, dataset_digest))

struct KeyValueOfRunRequest {  // log-parameter, set-tag, delete-tag
  std::string run_id;
  std::string run_uuid;
  std::string key;
  std::string value;
};
BOOST_DESCRIBE_STRUCT(KeyValueOfRunRequest, (), (run_id, run_uuid, key, value))

struct BatchMetricJson {
  std::string key;
  std::optional<double> value;
  std::optional<std::int64_t> timestamp;
  std::int64_t step = 0;
  std::string model_id;
  std::string dataset_name;
  std::string dataset_digest;
};
BOOST_DESCRIBE_STRUCT(BatchMetricJson, (), (key, value, timestamp, step, model_id, dataset_name, dataset_digest))

struct LogBatchRequest {
  std::string run_id;
  std::vector<BatchMetricJson> metrics;
  std::vector<KeyValue> params;
  std::vector<KeyValue> tags;
};
BOOST_DESCRIBE_STRUCT(LogBatchRequest, (), (run_id, metrics, params, tags))

struct LogModelRequest {
  std::string run_id;
  std::string model_json;
};
BOOST_DESCRIBE_STRUCT(LogModelRequest, (), (run_id, model_json))

struct LoggedModelFields {  // of the MLmodel that log-model sends
  std::optional<json::Raw> artifact_path, flavors, utc_time_created, run_id;
};
BOOST_DESCRIBE_STRUCT(LoggedModelFields, (), (artifact_path, flavors, utc_time_created, run_id))

struct LogInputsRequest {
  std::string run_id;
  std::vector<DatasetInputJson> datasets;
  std::vector<ModelInputJson> models;
};
BOOST_DESCRIBE_STRUCT(LogInputsRequest, (), (run_id, datasets, models))

struct LogOutputsRequest {
  std::string run_id;
  std::vector<ModelOutputJson> models;
};
BOOST_DESCRIBE_STRUCT(LogOutputsRequest, (), (run_id, models))

struct SearchRunsRequest {
  std::vector<std::string> experiment_ids;
  std::string filter;
  json::Raw run_view_type;
  std::int64_t max_results = 1000;
  std::vector<std::string> order_by;
  std::string page_token;
};
BOOST_DESCRIBE_STRUCT(SearchRunsRequest, (), (experiment_ids, filter, run_view_type, max_results, order_by, page_token))

struct SearchRunsResponse {
  std::vector<RunJson> runs;
  std::optional<std::string> next_page_token;
};
BOOST_DESCRIBE_STRUCT(SearchRunsResponse, (), (runs, next_page_token))

struct SearchDatasetsRequest {
  std::vector<std::string> experiment_ids;
};
BOOST_DESCRIBE_STRUCT(SearchDatasetsRequest, (), (experiment_ids))

struct DatasetSummaryJson {
  std::string experiment_id;
  std::string name;
  std::string digest;
  std::optional<std::string> context;
};
BOOST_DESCRIBE_STRUCT(DatasetSummaryJson, (), (experiment_id, name, digest, context))

struct SearchDatasetsResponse {
  std::vector<DatasetSummaryJson> dataset_summaries;
};
BOOST_DESCRIBE_STRUCT(SearchDatasetsResponse, (), (dataset_summaries))

template <typename Request>
Result<std::string> RunIdOf(const Request& in) {
  const std::string& run_id = in.run_id.empty() ? in.run_uuid : in.run_id;
  MARU_RETURN_IF_ERROR(Require("run_id", run_id));
  return run_id;
}

Result<RunResponse> Create(RunService& runs, const Caller& caller, CreateRunRequest in) {
  MARU_ASSIGN_OR_RETURN(const std::int64_t experiment_id, tracking::ParseExperimentId(in.experiment_id));
  MARU_ASSIGN_OR_RETURN(tracking::Run run,
                        runs.Create(caller, {.experiment_id = experiment_id,
                                             .user_id = std::move(in.user_id),
                                             .start_time_ms = in.start_time.value_or(Clock::System()->NowMs()),
                                             .name = std::move(in.run_name),
                                             .tags = FromKeyValues<tracking::Tag>(std::move(in.tags))}));
  return RunResponse{ToJson(std::move(run))};
}

Result<RunResponse> Get(RunService& runs, const Caller& caller, RunIdRequest in) {
  MARU_ASSIGN_OR_RETURN(const std::string run_id, RunIdOf(in));
  MARU_ASSIGN_OR_RETURN(tracking::Run run, runs.Get(caller, run_id));
  return RunResponse{ToJson(std::move(run))};
}

Result<RunInfoResponse> Update(RunService& runs, const Caller& caller, UpdateRunRequest in) {
  static constexpr EnumName kStatuses[] = {
      {"RUNNING", 1}, {"SCHEDULED", 2}, {"FINISHED", 3}, {"FAILED", 4}, {"KILLED", 5}};
  MARU_ASSIGN_OR_RETURN(const std::string run_id, RunIdOf(in));
  MARU_ASSIGN_OR_RETURN(const std::optional<int> status, ReadEnum("status", in.status, kStatuses));
  tracking::RunUpdate update{.end_time_ms = in.end_time, .name = std::move(in.run_name)};
  if (status) update.status = static_cast<tracking::RunStatus>(*status);
  MARU_ASSIGN_OR_RETURN(tracking::RunInfo info, runs.Update(caller, run_id, update));
  return RunInfoResponse{ToJson(std::move(info))};
}

Result<Empty> Delete(RunService& runs, const Caller& caller, RunIdRequest in) {
  MARU_RETURN_IF_ERROR(Require("run_id", in.run_id));
  MARU_RETURN_IF_ERROR(runs.Delete(caller, in.run_id));
  return Empty{};
}

Result<Empty> Restore(RunService& runs, const Caller& caller, RunIdRequest in) {
  MARU_RETURN_IF_ERROR(Require("run_id", in.run_id));
  MARU_RETURN_IF_ERROR(runs.Restore(caller, in.run_id));
  return Empty{};
}

Result<Empty> LogMetric(RunService& runs, const Caller& caller, LogMetricRequest in) {
  MARU_ASSIGN_OR_RETURN(const std::string run_id, RunIdOf(in));
  MARU_RETURN_IF_ERROR(Require("key", in.key));
  MARU_RETURN_IF_ERROR(Require("value", in.value));
  MARU_RETURN_IF_ERROR(Require("timestamp", in.timestamp));
  MARU_RETURN_IF_ERROR(runs.LogMetric(caller, run_id,
                                      {.key = std::move(in.key),
                                       .point = {*in.value, *in.timestamp, in.step},
                                       .model_id = std::move(in.model_id),
                                       .dataset_name = std::move(in.dataset_name),
                                       .dataset_digest = std::move(in.dataset_digest)}));
  return Empty{};
}

Result<Empty> LogParam(RunService& runs, const Caller& caller, KeyValueOfRunRequest in) {
  MARU_ASSIGN_OR_RETURN(const std::string run_id, RunIdOf(in));
  MARU_RETURN_IF_ERROR(Require("key", in.key));
  MARU_RETURN_IF_ERROR(runs.LogParam(caller, run_id, {std::move(in.key), std::move(in.value)}));
  return Empty{};
}

Result<Empty> SetTag(RunService& runs, const Caller& caller, KeyValueOfRunRequest in) {
  MARU_ASSIGN_OR_RETURN(const std::string run_id, RunIdOf(in));
  MARU_RETURN_IF_ERROR(Require("key", in.key));
  MARU_RETURN_IF_ERROR(runs.SetTag(caller, run_id, {std::move(in.key), std::move(in.value)}));
  return Empty{};
}

Result<Empty> DeleteTag(RunService& runs, const Caller& caller, KeyValueOfRunRequest in) {
  MARU_ASSIGN_OR_RETURN(const std::string run_id, RunIdOf(in));
  MARU_RETURN_IF_ERROR(Require("key", in.key));
  MARU_RETURN_IF_ERROR(runs.DeleteTag(caller, run_id, in.key));
  return Empty{};
}

// The members of lists that a batch must have, by their place.
Status CheckBatch(const LogBatchRequest& in) {
  MARU_RETURN_IF_ERROR(Require("run_id", in.run_id));
  for (std::size_t i = 0; i < in.metrics.size(); ++i) {
    const BatchMetricJson& m = in.metrics[i];
    if (m.key.empty()) return Missing(fmt::format("metrics[{}].key", i));
    if (!m.value) return Missing(fmt::format("metrics[{}].value", i));
    if (!m.timestamp) return Missing(fmt::format("metrics[{}].timestamp", i));
  }
  for (std::size_t i = 0; i < in.params.size(); ++i) {
    if (in.params[i].key.empty()) return Missing(fmt::format("params[{}].key", i));
  }
  for (std::size_t i = 0; i < in.tags.size(); ++i) {
    if (in.tags[i].key.empty()) return Missing(fmt::format("tags[{}].key", i));
  }
  return OkStatus();
}

Result<Empty> LogBatch(RunService& runs, const http::Request& request, LogBatchRequest in) {
  if (request.body.size() > kBatchBytesMax) {
    return InvalidArgument("Batched logging API requests must be at most {} bytes, got a request of size {}.",
                           kBatchBytesMax, request.body.size());
  }
  MARU_RETURN_IF_ERROR(CheckBatch(in));
  tracking::Batch batch;
  batch.metrics.reserve(in.metrics.size());
  for (BatchMetricJson& m : in.metrics) {
    batch.metrics.push_back({.key = std::move(m.key),
                             .point = {*m.value, *m.timestamp, m.step},
                             .model_id = std::move(m.model_id),
                             .dataset_name = std::move(m.dataset_name),
                             .dataset_digest = std::move(m.dataset_digest)});
  }
  batch.params = FromKeyValues<tracking::Param>(std::move(in.params));
  batch.tags = FromKeyValues<tracking::Tag>(std::move(in.tags));
  MARU_RETURN_IF_ERROR(runs.LogBatch(request.caller, in.run_id, std::move(batch)));
  return Empty{};
}

Result<Empty> LogModel(RunService& runs, const Caller& caller, LogModelRequest in) {
  MARU_RETURN_IF_ERROR(Require("run_id", in.run_id));
  MARU_RETURN_IF_ERROR(Require("model_json", in.model_json));
  const auto fields = json::Decode<LoggedModelFields>(in.model_json);
  if (!fields.ok()) return InvalidArgument("Malformed model info. \n {} \n is not a valid JSON.", in.model_json);
  std::string missing;
  const auto check = [&](const char* name, const auto& field) {
    if (!field) missing += fmt::format("{}'{}'", missing.empty() ? "" : ", ", name);
  };
  check("artifact_path", fields->artifact_path);
  check("flavors", fields->flavors);
  check("utc_time_created", fields->utc_time_created);
  check("run_id", fields->run_id);
  if (!missing.empty()) return InvalidArgument("Model json is missing mandatory fields: {{{}}}", missing);
  MARU_RETURN_IF_ERROR(runs.RecordModel(caller, in.run_id, in.model_json));
  return Empty{};
}

Result<Empty> LogInputs(RunService& runs, const Caller& caller, LogInputsRequest in) {
  MARU_RETURN_IF_ERROR(Require("run_id", in.run_id));
  std::vector<tracking::DatasetInput> datasets;
  for (DatasetInputJson& d : in.datasets) datasets.push_back(FromJson(std::move(d)));
  std::vector<std::string> models;
  for (ModelInputJson& m : in.models) models.push_back(std::move(m.model_id));
  MARU_RETURN_IF_ERROR(runs.LogInputs(caller, in.run_id, datasets, models));
  return Empty{};
}

Result<Empty> LogOutputs(RunService& runs, const Caller& caller, LogOutputsRequest in) {
  MARU_RETURN_IF_ERROR(Require("run_id", in.run_id));
  if (in.models.empty()) return Missing("models");
  std::vector<tracking::ModelOutput> models;
  for (ModelOutputJson& m : in.models) models.push_back({std::move(m.model_id), m.step});
  MARU_RETURN_IF_ERROR(runs.LogOutputs(caller, in.run_id, models));
  return Empty{};
}

Result<SearchRunsResponse> Search(RunService& runs, const Caller& caller, SearchRunsRequest in) {
  MARU_ASSIGN_OR_RETURN(const tracking::ViewType view, ReadViewType("run_view_type", in.run_view_type));
  MARU_ASSIGN_OR_RETURN(std::vector<std::int64_t> experiment_ids, tracking::ParseExperimentIds(in.experiment_ids));
  MARU_ASSIGN_OR_RETURN(auto page, runs.Search(caller, {.experiment_ids = std::move(experiment_ids),
                                                        .filter = std::move(in.filter),
                                                        .view = view,
                                                        .max_results = in.max_results,
                                                        .order_by = std::move(in.order_by),
                                                        .page_token = std::move(in.page_token)}));
  SearchRunsResponse out;
  out.runs.reserve(page.items.size());
  for (tracking::Run& run : page.items) out.runs.push_back(ToJson(std::move(run)));
  if (!page.next_page_token.empty()) out.next_page_token = std::move(page.next_page_token);
  return out;
}

Result<SearchDatasetsResponse> SearchDatasets(RunService& runs, const Caller& caller, SearchDatasetsRequest in) {
  if (in.experiment_ids.empty()) {
    return InvalidArgument("SearchDatasets request must specify at least one experiment_id.");
  }
  if (in.experiment_ids.size() > kDatasetSearchExperimentsMax) {
    return InvalidArgument(
        "SearchDatasets request cannot specify more than {} experiment_ids. Received {} experiment_ids.",
        kDatasetSearchExperimentsMax, in.experiment_ids.size());
  }
  MARU_ASSIGN_OR_RETURN(const std::vector<std::int64_t> ids, tracking::ParseExperimentIds(in.experiment_ids));
  MARU_ASSIGN_OR_RETURN(auto summaries, runs.SearchDatasets(caller, ids));
  SearchDatasetsResponse out;
  for (tracking::DatasetSummary& s : summaries) {
    out.dataset_summaries.push_back(
        {std::to_string(s.experiment_id), std::move(s.name), std::move(s.digest), std::move(s.context)});
  }
  return out;
}

constexpr Rpc<RunService> kRoutes[] = {
    {Verb::kPost, "2.0/mlflow/runs/create", Permission::kEdit, Call<Create>},
    {Verb::kGet, "2.0/mlflow/runs/get", Permission::kView, Call<Get>},
    {Verb::kPost, "2.0/mlflow/runs/update", Permission::kEdit, Call<Update>},
    {Verb::kPost, "2.0/mlflow/runs/delete", Permission::kEdit, Call<Delete>},
    {Verb::kPost, "2.0/mlflow/runs/restore", Permission::kEdit, Call<Restore>},
    {Verb::kPost, "2.0/mlflow/runs/log-metric", Permission::kEdit, Call<LogMetric>},
    {Verb::kPost, "2.0/mlflow/runs/log-parameter", Permission::kEdit, Call<LogParam>},
    {Verb::kPost, "2.0/mlflow/runs/set-tag", Permission::kEdit, Call<SetTag>},
    {Verb::kPost, "2.0/mlflow/runs/delete-tag", Permission::kEdit, Call<DeleteTag>},
    {Verb::kPost, "2.0/mlflow/runs/log-batch", Permission::kEdit, Call<LogBatch>},
    {Verb::kPost, "2.0/mlflow/runs/log-model", Permission::kEdit, Call<LogModel>},
    {Verb::kPost, "2.0/mlflow/runs/log-inputs", Permission::kEdit, Call<LogInputs>},
    {Verb::kPost, "2.0/mlflow/runs/outputs", Permission::kEdit, Call<LogOutputs>},
    {Verb::kPost, "2.0/mlflow/runs/search", Permission::kView, Call<Search>},
    {Verb::kPost, "2.0/mlflow/experiments/search-datasets", Permission::kView, Call<SearchDatasets>},
};

}  // namespace

void MountRuns(http::Router& router, RunService& runs) {
  Mount(router, runs, kRoutes);
}

}  // namespace maru::api::mlflow
