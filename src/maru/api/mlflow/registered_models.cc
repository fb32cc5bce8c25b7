#include "maru/api/mlflow/registered_models.h"

#include "maru/api/mlflow/model_shapes.h"
#include "maru/api/mlflow/required.h"
#include "maru/api/mlflow/rpc.h"
#include "maru/registry/names.h"

namespace maru::api::mlflow {
namespace {

using registry::ModelService;

struct ModelResponse {
  RegisteredModelShape registered_model;
};
BOOST_DESCRIBE_STRUCT(ModelResponse, (), (registered_model))

struct CreateModelRequest {
  std::string name;
  std::vector<TagShape> tags;
  std::string description, deployment_job_id;
};
BOOST_DESCRIBE_STRUCT(CreateModelRequest, (), (name, tags, description, deployment_job_id))

Result<ModelResponse> CreateModel(ModelService& models, const Caller& caller, CreateModelRequest request) {
  MARU_RETURN_IF_ERROR(Require("name", request.name));
  MARU_ASSIGN_OR_RETURN(const auto model, models.CreateModel(caller, {.name = std::move(request.name),
                                                                      .tags = TagsOf(request.tags),
                                                                      .description = std::move(request.description),
                                                                      .deployment_job_id = request.deployment_job_id}));
  return ModelResponse{Shape(model)};
}

struct NameRequest {
  std::string name;
};
BOOST_DESCRIBE_STRUCT(NameRequest, (), (name))

Result<ModelResponse> GetModel(ModelService& models, const Caller& caller, NameRequest request) {
  MARU_RETURN_IF_ERROR(Require("name", request.name));
  MARU_ASSIGN_OR_RETURN(const auto model, models.GetModel(caller, request.name));
  return ModelResponse{Shape(model)};
}

Result<Empty> DeleteModel(ModelService& models, const Caller& caller, NameRequest request) {
  MARU_RETURN_IF_ERROR(Require("name", request.name));
  MARU_RETURN_IF_ERROR(models.DeleteModel(caller, request.name));
  return Empty{};
}

struct UpdateModelRequest {
  std::string name, description;
  std::optional<std::string> deployment_job_id;
};
BOOST_DESCRIBE_STRUCT(UpdateModelRequest, (), (name, description, deployment_job_id))

Result<ModelResponse> UpdateModel(ModelService& models, const Caller& caller, UpdateModelRequest request) {
  MARU_RETURN_IF_ERROR(Require("name", request.name));
  MARU_ASSIGN_OR_RETURN(const auto model,
                        models.UpdateModel(caller, request.name, request.description, request.deployment_job_id));
  return ModelResponse{Shape(model)};
}

struct RenameModelRequest {
  std::string name, new_name;
};
BOOST_DESCRIBE_STRUCT(RenameModelRequest, (), (name, new_name))

Result<ModelResponse> RenameModel(ModelService& models, const Caller& caller, RenameModelRequest request) {
  MARU_RETURN_IF_ERROR(Require("name", request.name));
  MARU_RETURN_IF_ERROR(Require("new_name", request.new_name));
  MARU_ASSIGN_OR_RETURN(const auto model, models.RenameModel(caller, request.name, request.new_name));
  return ModelResponse{Shape(model)};
}

struct ModelPage {
  std::optional<std::vector<RegisteredModelShape>> registered_models;
  std::optional<std::string> next_page_token;
};
BOOST_DESCRIBE_STRUCT(ModelPage, (), (registered_models, next_page_token))

Result<ModelPage> SearchModels(ModelService& models, const Caller& caller, SearchRequest request) {
  MARU_ASSIGN_OR_RETURN(const auto found, models.SearchModels(caller, SearchOf(std::move(request), 100)));
  ModelPage page{.next_page_token = NonEmpty(found.next_page_token)};
  for (const registry::RegisteredModel& model : found.items) {
    if (!page.registered_models) page.registered_models.emplace();
    page.registered_models->push_back(Shape(model));
  }
  return page;
}

struct LatestVersionsRequest {
  std::string name;
  std::vector<std::string> stages;
};
BOOST_DESCRIBE_STRUCT(LatestVersionsRequest, (), (name, stages))

struct VersionsResponse {
  std::optional<std::vector<ModelVersionShape>> model_versions;
};
BOOST_DESCRIBE_STRUCT(VersionsResponse, (), (model_versions))

Result<VersionsResponse> LatestVersions(ModelService& models, const Caller& caller, LatestVersionsRequest request) {
  MARU_RETURN_IF_ERROR(Require("name", request.name));
  MARU_ASSIGN_OR_RETURN(const auto versions, models.LatestVersions(caller, request.name, request.stages));
  VersionsResponse response;
  if (!versions.empty()) response.model_versions = Shapes(versions);
  return response;
}

struct ModelTagRequest {
  std::string name, key, value;
};
BOOST_DESCRIBE_STRUCT(ModelTagRequest, (), (name, key, value))

Result<Empty> SetTag(ModelService& models, const Caller& caller, ModelTagRequest request) {
  MARU_RETURN_IF_ERROR(Require("name", request.name));
  MARU_RETURN_IF_ERROR(Require("key", request.key));
  MARU_RETURN_IF_ERROR(models.SetModelTag(caller, request.name, request.key, request.value));
  return Empty{};
}

Result<Empty> DeleteTag(ModelService& models, const Caller& caller, ModelTagRequest request) {
  MARU_RETURN_IF_ERROR(Require("name", request.name));
  MARU_RETURN_IF_ERROR(Require("key", request.key));
  MARU_RETURN_IF_ERROR(models.DeleteModelTag(caller, request.name, request.key));
  return Empty{};
}

struct AliasRequest {
  std::string name, alias, version;
};
BOOST_DESCRIBE_STRUCT(AliasRequest, (), (name, alias, version))

Result<Empty> SetAlias(ModelService& models, const Caller& caller, AliasRequest request) {
  MARU_RETURN_IF_ERROR(Require("name", request.name));
  MARU_RETURN_IF_ERROR(Require("alias", request.alias));
  MARU_RETURN_IF_ERROR(Require("version", request.version));
  MARU_RETURN_IF_ERROR(registry::CheckNewAlias(request.alias));
  MARU_ASSIGN_OR_RETURN(const std::int64_t version, registry::ParseVersion(request.version));
  MARU_RETURN_IF_ERROR(models.SetAlias(caller, request.name, request.alias, version));
  return Empty{};
}

Result<Empty> DeleteAlias(ModelService& models, const Caller& caller, AliasRequest request) {
  MARU_RETURN_IF_ERROR(Require("name", request.name));
  MARU_RETURN_IF_ERROR(Require("alias", request.alias));
  MARU_RETURN_IF_ERROR(models.DeleteAlias(caller, request.name, request.alias));
  return Empty{};
}

struct VersionResponse {
  ModelVersionShape model_version;
};
BOOST_DESCRIBE_STRUCT(VersionResponse, (), (model_version))

Result<VersionResponse> GetVersionByAlias(ModelService& models, const Caller& caller, AliasRequest request) {
  MARU_RETURN_IF_ERROR(Require("name", request.name));
  MARU_RETURN_IF_ERROR(Require("alias", request.alias));
  MARU_ASSIGN_OR_RETURN(const auto version, models.GetVersionByAlias(caller, request.name, request.alias));
  return VersionResponse{Shape(version)};
}

constexpr Rpc<ModelService> kRegisteredModels[] = {
    {Verb::kPost, "2.0/mlflow/registered-models/create", Permission::kEdit, Call<CreateModel>},
    {Verb::kGet, "2.0/mlflow/registered-models/get", Permission::kView, Call<GetModel>},
    {Verb::kPatch, "2.0/mlflow/registered-models/update", Permission::kEdit, Call<UpdateModel>},
    {Verb::kPost, "2.0/mlflow/registered-models/rename", Permission::kEdit, Call<RenameModel>},
    {Verb::kDelete, "2.0/mlflow/registered-models/delete", Permission::kEdit, Call<DeleteModel>},
    {Verb::kGet, "2.0/mlflow/registered-models/search", Permission::kView, Call<SearchModels>},
    {Verb::kPost, "2.0/mlflow/registered-models/get-latest-versions", Permission::kView, Call<LatestVersions>},
    {Verb::kGet, "2.0/mlflow/registered-models/get-latest-versions", Permission::kView, Call<LatestVersions>},
    {Verb::kPost, "2.0/mlflow/registered-models/set-tag", Permission::kEdit, Call<SetTag>},
    {Verb::kDelete, "2.0/mlflow/registered-models/delete-tag", Permission::kEdit, Call<DeleteTag>},
    {Verb::kPost, "2.0/mlflow/registered-models/alias", Permission::kEdit, Call<SetAlias>},
    {Verb::kDelete, "2.0/mlflow/registered-models/alias", Permission::kEdit, Call<DeleteAlias>},
    {Verb::kGet, "2.0/mlflow/registered-models/alias", Permission::kView, Call<GetVersionByAlias>},
};

}  // namespace

void MountRegisteredModels(http::Router& router, ModelService& models) {
  Mount(router, models, kRegisteredModels);
}

}  // namespace maru::api::mlflow
