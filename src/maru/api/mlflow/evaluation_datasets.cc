#include "maru/api/mlflow/evaluation_routes.h"
#include "maru/api/mlflow/required.h"
#include "maru/api/mlflow/rpc.h"

namespace maru::api::mlflow {
namespace {

using evaluation::Dataset;
using evaluation::DatasetService;

// MLflow carries tags, schema, profile and records as JSON within JSON strings.
struct DatasetShape {
  std::string dataset_id, name, tags;
  std::optional<std::string> schema, profile;
  std::string digest;
  std::int64_t created_time = 0, last_update_time = 0;
  std::optional<std::string> created_by, last_updated_by;
  std::optional<std::vector<std::string>> experiment_ids;
};
BOOST_DESCRIBE_STRUCT(DatasetShape, (),
                      (dataset_id, name, tags, schema, profile, digest, created_time, last_update_time, created_by,
                       last_updated_by, experiment_ids))

DatasetShape Shape(const Dataset& dataset) {
  DatasetShape shape;
  shape.dataset_id = dataset.id;
  shape.name = dataset.name;
  shape.tags = json::Encode(dataset.tags);
  shape.schema = dataset.schema;
  if (dataset.record_count > 0) shape.profile = fmt::format(R"({{"num_records": {}}})", dataset.record_count);
  shape.digest = dataset.digest;
  shape.created_time = dataset.created_ms;
  shape.last_update_time = dataset.updated_ms;
  shape.created_by = dataset.created_by;
  shape.last_updated_by = dataset.updated_by;
  return shape;
}

// Values that are no strings become their JSON text; null means not sent.
Result<std::map<std::string, std::string>> TagsOf(std::string_view text) {
  std::map<std::string, std::string> tags;
  if (text.empty()) return tags;
  MARU_ASSIGN_OR_RETURN(const auto members, DecodeJson<evaluation::JsonMembers>(text));
  for (const auto& [key, value] : members) {
    if (value.text == "null") continue;
    const auto plain = json::Decode<std::string>(value.text);
    tags[key] = plain.ok() ? *plain : value.text;
  }
  return tags;
}

struct DatasetResponse {
  DatasetShape dataset;
};
BOOST_DESCRIBE_STRUCT(DatasetResponse, (), (dataset))

struct CreateRequest {
  std::string name, tags;
  std::vector<std::string> experiment_ids;
};
BOOST_DESCRIBE_STRUCT(CreateRequest, (), (name, tags, experiment_ids))

Result<DatasetResponse> Create(DatasetService& datasets, const Caller& caller, CreateRequest request) {
  MARU_RETURN_IF_ERROR(Require("name", request.name));
  MARU_ASSIGN_OR_RETURN(const auto tags, TagsOf(request.tags));
  MARU_ASSIGN_OR_RETURN(const Dataset made, datasets.Create(caller, request.name, tags, request.experiment_ids));
  DatasetResponse response{Shape(made)};
  if (!request.experiment_ids.empty()) response.dataset.experiment_ids = std::move(request.experiment_ids);
  return response;
}

Result<DatasetResponse> Get(DatasetService& datasets, const http::Request& request, Empty) {
  MARU_ASSIGN_OR_RETURN(const Dataset dataset, datasets.Get(request.caller, request.Capture("id")));
  return DatasetResponse{Shape(dataset)};
}

Result<Empty> Delete(DatasetService& datasets, const http::Request& request, Empty) {
  MARU_RETURN_IF_ERROR(datasets.Delete(request.caller, request.Capture("id")));
  return Empty{};
}

struct SearchDatasetsRequest {
  std::vector<std::string> experiment_ids;
  std::string filter_string;
  std::int64_t max_results = 1'000;
  std::vector<std::string> order_by;
  std::string page_token;
};
BOOST_DESCRIBE_STRUCT(SearchDatasetsRequest, (), (experiment_ids, filter_string, max_results, order_by, page_token))

struct DatasetsResponse {
  std::optional<std::vector<DatasetShape>> datasets;
  std::optional<std::string> next_page_token;
};
BOOST_DESCRIBE_STRUCT(DatasetsResponse, (), (datasets, next_page_token))

Result<DatasetsResponse> Search(DatasetService& datasets, const Caller& caller, SearchDatasetsRequest request) {
  MARU_ASSIGN_OR_RETURN(
      const auto page,
      datasets.Search(caller, {std::move(request.experiment_ids), std::move(request.filter_string),
                               std::move(request.order_by), request.max_results, std::move(request.page_token)}));
  DatasetsResponse response;
  for (const Dataset& dataset : page.datasets) {
    if (!response.datasets) response.datasets.emplace();
    response.datasets->push_back(Shape(dataset));
  }
  if (!page.next_page_token.empty()) response.next_page_token = page.next_page_token;
  return response;
}

struct TagsRequest {
  std::string tags;
};
BOOST_DESCRIBE_STRUCT(TagsRequest, (), (tags))

Result<Empty> SetTags(DatasetService& datasets, const http::Request& request, TagsRequest body) {
  MARU_RETURN_IF_ERROR(Require("tags", body.tags));
  MARU_ASSIGN_OR_RETURN(const auto tags, TagsOf(body.tags));
  MARU_RETURN_IF_ERROR(datasets.SetTags(request.caller, request.Capture("id"), tags));
  return Empty{};
}

Result<Empty> DeleteTag(DatasetService& datasets, const http::Request& request, Empty) {
  MARU_RETURN_IF_ERROR(datasets.DeleteTag(request.caller, request.Capture("id"), request.Capture("key")));
  return Empty{};
}

struct ExperimentIds {
  std::optional<std::vector<std::string>> experiment_ids;
};
BOOST_DESCRIBE_STRUCT(ExperimentIds, (), (experiment_ids))

Result<ExperimentIds> GetExperimentIds(DatasetService& datasets, const http::Request& request, Empty) {
  MARU_ASSIGN_OR_RETURN(auto ids, datasets.ExperimentIds(request.caller, request.Capture("id")));
  ExperimentIds response;
  if (!ids.empty()) response.experiment_ids = std::move(ids);
  return response;
}

Result<DatasetResponse> AddToExperiments(DatasetService& datasets, const http::Request& request, ExperimentIds body) {
  MARU_ASSIGN_OR_RETURN(const Dataset dataset,
                        datasets.AddToExperiments(request.caller, request.Capture("id"),
                                                  body.experiment_ids.value_or(std::vector<std::string>{})));
  return DatasetResponse{Shape(dataset)};
}

Result<DatasetResponse> RemoveFromExperiments(DatasetService& datasets, const http::Request& request,
                                              ExperimentIds body) {
  MARU_ASSIGN_OR_RETURN(const Dataset dataset,
                        datasets.RemoveFromExperiments(request.caller, request.Capture("id"),
                                                       body.experiment_ids.value_or(std::vector<std::string>{})));
  return DatasetResponse{Shape(dataset)};
}

struct RecordIn {
  json::Raw inputs{"{}"};
  std::optional<json::Raw> outputs;
  evaluation::JsonMembers expectations, tags;
  std::optional<json::Raw> source;
};
BOOST_DESCRIBE_STRUCT(RecordIn, (), (inputs, outputs, expectations, tags, source))

struct UpsertRequest {
  std::string records;
};
BOOST_DESCRIBE_STRUCT(UpsertRequest, (), (records))

struct UpsertResponse {
  std::int64_t inserted_count = 0, updated_count = 0;
};
BOOST_DESCRIBE_STRUCT(UpsertResponse, (), (inserted_count, updated_count))

Result<UpsertResponse> Upsert(DatasetService& datasets, const http::Request& request, UpsertRequest body) {
  MARU_RETURN_IF_ERROR(Require("records", body.records));
  MARU_ASSIGN_OR_RETURN(auto sent, DecodeJson<std::vector<RecordIn>>(body.records));
  std::vector<evaluation::NewRecord> records;
  records.reserve(sent.size());
  for (RecordIn& record : sent) {
    records.push_back({std::move(record.inputs), std::move(record.outputs), std::move(record.expectations),
                       std::move(record.tags), std::move(record.source)});
  }
  MARU_ASSIGN_OR_RETURN(const auto counts, datasets.Upsert(request.caller, request.Capture("id"), records));
  return UpsertResponse{counts.inserted, counts.updated};
}

struct RecordShape {
  std::string dataset_record_id, dataset_id;
  json::Raw inputs;
  std::optional<json::Raw> outputs, expectations;
  json::Raw tags{"{}"};
  std::optional<json::Raw> source;
  std::optional<std::string> source_id, source_type;
  std::int64_t created_time = 0, last_update_time = 0;
  std::optional<std::string> created_by, last_updated_by;
};
BOOST_DESCRIBE_STRUCT(RecordShape, (),
                      (dataset_record_id, dataset_id, inputs, outputs, expectations, tags, source, source_id,
                       source_type, created_time, last_update_time, created_by, last_updated_by))

struct RecordsRequest {
  std::int64_t max_results = 1'000;
  std::string page_token;
};
BOOST_DESCRIBE_STRUCT(RecordsRequest, (), (max_results, page_token))

struct RecordsResponse {
  std::string records;
  std::optional<std::string> next_page_token;
};
BOOST_DESCRIBE_STRUCT(RecordsResponse, (), (records, next_page_token))

Result<RecordsResponse> GetRecords(DatasetService& datasets, const http::Request& request, RecordsRequest wanted) {
  MARU_ASSIGN_OR_RETURN(auto page,
                        datasets.Records(request.caller, request.Capture("id"), wanted.max_results, wanted.page_token));
  std::vector<RecordShape> shapes;
  shapes.reserve(page.records.size());
  for (evaluation::Record& record : page.records) {
    RecordShape& shape = shapes.emplace_back();
    shape.dataset_record_id = std::move(record.id);
    shape.dataset_id = std::move(record.dataset_id);
    shape.inputs = std::move(record.inputs);
    shape.outputs = std::move(record.outputs);
    shape.expectations = std::move(record.expectations);
    if (record.tags) shape.tags = *std::move(record.tags);
    shape.source = std::move(record.source);
    shape.source_id = std::move(record.source_id);
    shape.source_type = std::move(record.source_type);
    shape.created_time = record.created_ms;
    shape.last_update_time = record.updated_ms;
    shape.created_by = std::move(record.created_by);
    shape.last_updated_by = std::move(record.updated_by);
  }
  RecordsResponse response{json::Encode(shapes), {}};
  if (!page.next_page_token.empty()) response.next_page_token = std::move(page.next_page_token);
  return response;
}

struct DeleteRecordsRequest {
  std::vector<std::string> dataset_record_ids;
};
BOOST_DESCRIBE_STRUCT(DeleteRecordsRequest, (), (dataset_record_ids))

struct DeleteRecordsResponse {
  std::int64_t deleted_count = 0;
};
BOOST_DESCRIBE_STRUCT(DeleteRecordsResponse, (), (deleted_count))

Result<DeleteRecordsResponse> DeleteRecords(DatasetService& datasets, const http::Request& request,
                                            DeleteRecordsRequest body) {
  MARU_ASSIGN_OR_RETURN(const std::int64_t gone,
                        datasets.DeleteRecords(request.caller, request.Capture("id"), body.dataset_record_ids));
  return DeleteRecordsResponse{gone};
}

constexpr Rpc<DatasetService> kDatasets[] = {
    {Verb::kPost, "3.0/mlflow/datasets/create", Permission::kEdit, Call<Create>},
    {Verb::kPost, "3.0/mlflow/datasets/search", Permission::kView, Call<Search>},
    {Verb::kGet, "3.0/mlflow/datasets/search", Permission::kView, Call<Search>},
    {Verb::kGet, "3.0/mlflow/datasets/{id}", Permission::kView, Call<Get>},
    {Verb::kDelete, "3.0/mlflow/datasets/{id}", Permission::kEdit, Call<Delete>},
    {Verb::kPatch, "3.0/mlflow/datasets/{id}/tags", Permission::kEdit, Call<SetTags>},
    {Verb::kDelete, "3.0/mlflow/datasets/{id}/tags/{key}", Permission::kEdit, Call<DeleteTag>},
    {Verb::kPost, "3.0/mlflow/datasets/{id}/records", Permission::kEdit, Call<Upsert>},
    {Verb::kGet, "3.0/mlflow/datasets/{id}/records", Permission::kView, Call<GetRecords>},
    {Verb::kDelete, "3.0/mlflow/datasets/{id}/records", Permission::kEdit, Call<DeleteRecords>},
    {Verb::kGet, "3.0/mlflow/datasets/{id}/experiment-ids", Permission::kView, Call<GetExperimentIds>},
    {Verb::kPost, "3.0/mlflow/datasets/{id}/add-experiments", Permission::kEdit, Call<AddToExperiments>},
    {Verb::kPost, "3.0/mlflow/datasets/{id}/remove-experiments", Permission::kEdit, Call<RemoveFromExperiments>},
};

}  // namespace

void MountEvaluationDatasets(http::Router& router, DatasetService& datasets) {
  Mount(router, datasets, kDatasets);
}

}  // namespace maru::api::mlflow
