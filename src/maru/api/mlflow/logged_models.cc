// mlflow/logged-models: described requests in, one call of LoggedModelService, described responses out.
#include "maru/api/mlflow/required.h"
#include "maru/api/mlflow/rpc.h"
#include "maru/api/mlflow/tracking_routes.h"
#include "maru/api/mlflow/tracking_shapes.h"

namespace maru::api::mlflow {
namespace {

using tracking::LoggedModelService;
using tracking::LoggedModelStatus;

constexpr EnumName kStatuses[] = {{"LOGGED_MODEL_STATUS_UNSPECIFIED", 0},
                                  {"LOGGED_MODEL_PENDING", 1},
                                  {"LOGGED_MODEL_READY", 2},
                                  {"LOGGED_MODEL_UPLOAD_FAILED", 3}};

struct CreateRequest {
  std::string experiment_id;
  std::string name;
  std::string model_type;
  std::string source_run_id;
  std::vector<KeyValue> params;
  std::vector<KeyValue> tags;
};
BOOST_DESCRIBE_STRUCT(CreateRequest, (), (experiment_id, name, model_type, source_run_id, params, tags))

struct InfoJson {
  std::string model_id;
  std::string experiment_id;
  std::string name;
  std::int64_t creation_timestamp_ms = 0;
  std::int64_t last_updated_timestamp_ms = 0;
  std::string artifact_uri;
  std::string status;
  std::string model_type;
  std::string source_run_id;
  std::vector<KeyValue> tags;
};
BOOST_DESCRIBE_STRUCT(InfoJson, (),
                      (model_id, experiment_id, name, creation_timestamp_ms, last_updated_timestamp_ms, artifact_uri,
                       status, model_type, source_run_id, tags))

struct DataJson {
  std::vector<KeyValue> params;
  std::vector<MetricJson> metrics;
};
BOOST_DESCRIBE_STRUCT(DataJson, (), (params, metrics))

struct ModelJson {
  InfoJson info;
  DataJson data;
};
BOOST_DESCRIBE_STRUCT(ModelJson, (), (info, data))

struct ModelResponse {
  ModelJson model;
};
BOOST_DESCRIBE_STRUCT(ModelResponse, (), (model))

struct GetRequest {
  bool allow_deleted = false;
};
BOOST_DESCRIBE_STRUCT(GetRequest, (), (allow_deleted))

struct FinalizeRequest {
  json::Raw status;
};
BOOST_DESCRIBE_STRUCT(FinalizeRequest, (), (status))

struct TagsRequest {
  std::vector<KeyValue> tags;
};
BOOST_DESCRIBE_STRUCT(TagsRequest, (), (tags))

struct ParamsRequest {
  std::vector<KeyValue> params;
};
BOOST_DESCRIBE_STRUCT(ParamsRequest, (), (params))

struct DatasetFilterJson {
  std::string dataset_name;
  std::string dataset_digest;
};
BOOST_DESCRIBE_STRUCT(DatasetFilterJson, (), (dataset_name, dataset_digest))

struct OrderJson {
  std::string field_name;
  bool ascending = true;
  std::string dataset_name;
  std::string dataset_digest;
};
BOOST_DESCRIBE_STRUCT(OrderJson, (), (field_name, ascending, dataset_name, dataset_digest))

struct SearchRequest {
  std::vector<std::string> experiment_ids;
  std::string filter;
  std::vector<DatasetFilterJson> datasets;
  std::int64_t max_results = 50;
  std::vector<OrderJson> order_by;
  std::string page_token;
};
BOOST_DESCRIBE_STRUCT(SearchRequest, (), (experiment_ids, filter, datasets, max_results, order_by, page_token))

struct SearchResponse {
  std::vector<ModelJson> models;
  std::optional<std::string> next_page_token;
};
BOOST_DESCRIBE_STRUCT(SearchResponse, (), (models, next_page_token))

ModelJson ToJson(tracking::LoggedModel m) {
  ModelJson out;
  out.info = {.model_id = std::move(m.model_id),
              .experiment_id = std::to_string(m.experiment_id),
              .name = std::move(m.name),
              .creation_timestamp_ms = m.creation_time_ms,
              .last_updated_timestamp_ms = m.last_update_time_ms,
              .artifact_uri = std::move(m.artifact_uri),
              .status = std::string(kStatuses[static_cast<int>(m.status)].name),
              .model_type = std::move(m.model_type),
              .source_run_id = std::move(m.source_run_id),
              .tags = ToKeyValues(std::move(m.tags))};
  out.data.params = ToKeyValues(std::move(m.params));
  for (tracking::Metric& metric : m.metrics) out.data.metrics.push_back(mlflow::ToJson(std::move(metric)));
  return out;
}

Result<ModelResponse> Create(LoggedModelService& models, const Caller& caller, CreateRequest in) {
  MARU_RETURN_IF_ERROR(Require("experiment_id", in.experiment_id));
  MARU_ASSIGN_OR_RETURN(const std::int64_t experiment_id, tracking::ParseExperimentId(in.experiment_id));
  MARU_ASSIGN_OR_RETURN(auto model,
                        models.Create(caller, {.experiment_id = experiment_id,
                                               .name = std::move(in.name),
                                               .model_type = std::move(in.model_type),
                                               .source_run_id = std::move(in.source_run_id),
                                               .params = FromKeyValues<tracking::Param>(std::move(in.params)),
                                               .tags = FromKeyValues<tracking::Tag>(std::move(in.tags))}));
  return ModelResponse{ToJson(std::move(model))};
}

Result<ModelResponse> Get(LoggedModelService& models, const http::Request& request, GetRequest in) {
  MARU_ASSIGN_OR_RETURN(auto model, models.Get(request.caller, request.Capture("model_id"), in.allow_deleted));
  return ModelResponse{ToJson(std::move(model))};
}

Result<ModelResponse> Finalize(LoggedModelService& models, const http::Request& request, FinalizeRequest in) {
  MARU_ASSIGN_OR_RETURN(const std::optional<int> status, ReadEnum("status", in.status, kStatuses));
  MARU_RETURN_IF_ERROR(Require("status", status));
  MARU_ASSIGN_OR_RETURN(auto model, models.Finalize(request.caller, request.Capture("model_id"),
                                                    static_cast<LoggedModelStatus>(*status)));
  return ModelResponse{ToJson(std::move(model))};
}

Result<Empty> Delete(LoggedModelService& models, const http::Request& request, Empty) {
  MARU_RETURN_IF_ERROR(models.Delete(request.caller, request.Capture("model_id")));
  return Empty{};
}

Result<Empty> SetTags(LoggedModelService& models, const http::Request& request, TagsRequest in) {
  MARU_RETURN_IF_ERROR(
      models.SetTags(request.caller, request.Capture("model_id"), FromKeyValues<tracking::Tag>(std::move(in.tags))));
  return Empty{};
}

Result<Empty> DeleteTag(LoggedModelService& models, const http::Request& request, Empty) {
  MARU_RETURN_IF_ERROR(models.DeleteTag(request.caller, request.Capture("model_id"), request.Capture("tag_key")));
  return Empty{};
}

Result<Empty> LogParams(LoggedModelService& models, const http::Request& request, ParamsRequest in) {
  MARU_RETURN_IF_ERROR(models.LogParams(request.caller, request.Capture("model_id"),
                                        FromKeyValues<tracking::Param>(std::move(in.params))));
  return Empty{};
}

Result<SearchResponse> Search(LoggedModelService& models, const Caller& caller, SearchRequest in) {
  if (in.experiment_ids.empty()) return Missing("experiment_ids");
  tracking::LoggedModelQuery query{
      .filter = std::move(in.filter), .max_results = in.max_results, .page_token = std::move(in.page_token)};
  MARU_ASSIGN_OR_RETURN(query.experiment_ids, tracking::ParseExperimentIds(in.experiment_ids));
  for (DatasetFilterJson& d : in.datasets)
    query.datasets.push_back({std::move(d.dataset_name), std::move(d.dataset_digest)});
  for (OrderJson& o : in.order_by) {
    query.order_by.push_back(
        {std::move(o.field_name), o.ascending, std::move(o.dataset_name), std::move(o.dataset_digest)});
  }
  MARU_ASSIGN_OR_RETURN(auto page, models.Search(caller, query));
  SearchResponse out;
  for (tracking::LoggedModel& m : page.items) out.models.push_back(ToJson(std::move(m)));
  if (!page.next_page_token.empty()) out.next_page_token = std::move(page.next_page_token);
  return out;
}

constexpr Rpc<LoggedModelService> kRoutes[] = {
    {Verb::kPost, "2.0/mlflow/logged-models", Permission::kEdit, Call<Create>},
    {Verb::kPost, "2.0/mlflow/logged-models/search", Permission::kView, Call<Search>},
    {Verb::kGet, "2.0/mlflow/logged-models/{model_id}", Permission::kView, Call<Get>},
    {Verb::kPatch, "2.0/mlflow/logged-models/{model_id}", Permission::kEdit, Call<Finalize>},
    {Verb::kDelete, "2.0/mlflow/logged-models/{model_id}", Permission::kEdit, Call<Delete>},
    {Verb::kPatch, "2.0/mlflow/logged-models/{model_id}/tags", Permission::kEdit, Call<SetTags>},
    {Verb::kDelete, "2.0/mlflow/logged-models/{model_id}/tags/{tag_key}", Permission::kEdit, Call<DeleteTag>},
    {Verb::kPost, "2.0/mlflow/logged-models/{model_id}/params", Permission::kEdit, Call<LogParams>},
};

}  // namespace

void MountLoggedModels(http::Router& router, LoggedModelService& models) {
  Mount(router, models, kRoutes);
}

}  // namespace maru::api::mlflow
