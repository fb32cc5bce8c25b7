#include "maru/api/mlflow/model_versions.h"

#include "maru/api/mlflow/model_shapes.h"
#include "maru/api/mlflow/required.h"
#include "maru/api/mlflow/rpc.h"
#include "maru/registry/names.h"

namespace maru::api::mlflow {
namespace {

using registry::ModelService;

struct VersionResponse {
  ModelVersionShape model_version;
};
BOOST_DESCRIBE_STRUCT(VersionResponse, (), (model_version))

struct CreateVersionRequest {
  std::string name, source;
  std::optional<std::string> run_id, model_id;
  std::vector<TagShape> tags;
  std::string run_link, description;
};
BOOST_DESCRIBE_STRUCT(CreateVersionRequest, (), (name, source, run_id, model_id, tags, run_link, description))

Result<VersionResponse> CreateVersion(ModelService& models, const Caller& caller, CreateVersionRequest request) {
  MARU_RETURN_IF_ERROR(Require("name", request.name));
  MARU_RETURN_IF_ERROR(Require("source", request.source));
  MARU_ASSIGN_OR_RETURN(const auto version,
                        models.CreateVersion(caller, {.name = std::move(request.name),
                                                      .source = std::move(request.source),
                                                      .run_id = std::move(request.run_id),
                                                      .logged_model_id = std::move(request.model_id),
                                                      .run_link = std::move(request.run_link),
                                                      .tags = TagsOf(request.tags),
                                                      .description = std::move(request.description)}));
  return VersionResponse{Shape(version)};
}

struct VersionRequest {
  std::string name, version;
};
BOOST_DESCRIBE_STRUCT(VersionRequest, (), (name, version))

// The version that a request names.
template <typename Request>
Result<std::int64_t> NumberOf(const Request& request) {
  MARU_RETURN_IF_ERROR(Require("name", request.name));
  MARU_RETURN_IF_ERROR(Require("version", request.version));
  MARU_RETURN_IF_ERROR(registry::CheckModelName(request.name));
  return registry::ParseVersion(request.version);
}

Result<VersionResponse> GetVersion(ModelService& models, const Caller& caller, VersionRequest request) {
  MARU_ASSIGN_OR_RETURN(const std::int64_t number, NumberOf(request));
  MARU_ASSIGN_OR_RETURN(const auto version, models.GetVersion(caller, request.name, number));
  return VersionResponse{Shape(version)};
}

struct DownloadUriResponse {
  std::string artifact_uri;
};
BOOST_DESCRIBE_STRUCT(DownloadUriResponse, (), (artifact_uri))

Result<DownloadUriResponse> GetDownloadUri(ModelService& models, const Caller& caller, VersionRequest request) {
  MARU_ASSIGN_OR_RETURN(const std::int64_t number, NumberOf(request));
  MARU_ASSIGN_OR_RETURN(auto version, models.GetVersion(caller, request.name, number));
  return DownloadUriResponse{std::move(version.storage_location)};
}

Result<Empty> DeleteVersion(ModelService& models, const Caller& caller, VersionRequest request) {
  MARU_ASSIGN_OR_RETURN(const std::int64_t number, NumberOf(request));
  MARU_RETURN_IF_ERROR(models.DeleteVersion(caller, request.name, number));
  return Empty{};
}

struct UpdateVersionRequest {
  std::string name, version;
  std::optional<std::string> description;
};
BOOST_DESCRIBE_STRUCT(UpdateVersionRequest, (), (name, version, description))

Result<VersionResponse> UpdateVersion(ModelService& models, const Caller& caller, UpdateVersionRequest request) {
  MARU_ASSIGN_OR_RETURN(const std::int64_t number, NumberOf(request));
  MARU_ASSIGN_OR_RETURN(const auto version, models.UpdateVersion(caller, request.name, number, request.description));
  return VersionResponse{Shape(version)};
}

struct TransitionRequest {
  std::string name, version, stage;
  bool archive_existing_versions = false;
};
BOOST_DESCRIBE_STRUCT(TransitionRequest, (), (name, version, stage, archive_existing_versions))

Result<VersionResponse> TransitionStage(ModelService& models, const Caller& caller, TransitionRequest request) {
  MARU_RETURN_IF_ERROR(Require("name", request.name));
  MARU_RETURN_IF_ERROR(Require("version", request.version));
  MARU_RETURN_IF_ERROR(Require("stage", request.stage));
  MARU_ASSIGN_OR_RETURN(const std::int64_t number, NumberOf(request));
  MARU_ASSIGN_OR_RETURN(const auto version, models.TransitionStage(caller, request.name, number, request.stage,
                                                                   request.archive_existing_versions));
  return VersionResponse{Shape(version)};
}

struct VersionPage {
  std::optional<std::vector<ModelVersionShape>> model_versions;
  std::optional<std::string> next_page_token;
};
BOOST_DESCRIBE_STRUCT(VersionPage, (), (model_versions, next_page_token))

Result<VersionPage> SearchVersions(ModelService& models, const Caller& caller, SearchRequest request) {
  MARU_ASSIGN_OR_RETURN(const auto found,
                        models.SearchVersions(caller, SearchOf(std::move(request), ModelService::kVersionsPerPageMax)));
  VersionPage page{.next_page_token = NonEmpty(found.next_page_token)};
  if (!found.items.empty()) page.model_versions = Shapes(found.items);
  return page;
}

struct VersionTagRequest {
  std::string name, version, key, value;
};
BOOST_DESCRIBE_STRUCT(VersionTagRequest, (), (name, version, key, value))

Result<Empty> SetTag(ModelService& models, const Caller& caller, VersionTagRequest request) {
  MARU_RETURN_IF_ERROR(Require("name", request.name));
  MARU_RETURN_IF_ERROR(Require("version", request.version));
  MARU_RETURN_IF_ERROR(Require("key", request.key));
  MARU_ASSIGN_OR_RETURN(const std::int64_t number, NumberOf(request));
  MARU_RETURN_IF_ERROR(models.SetVersionTag(caller, request.name, number, request.key, request.value));
  return Empty{};
}

Result<Empty> DeleteTag(ModelService& models, const Caller& caller, VersionTagRequest request) {
  MARU_RETURN_IF_ERROR(Require("name", request.name));
  MARU_RETURN_IF_ERROR(Require("version", request.version));
  MARU_RETURN_IF_ERROR(Require("key", request.key));
  MARU_ASSIGN_OR_RETURN(const std::int64_t number, NumberOf(request));
  MARU_RETURN_IF_ERROR(models.DeleteVersionTag(caller, request.name, number, request.key));
  return Empty{};
}

constexpr Rpc<ModelService> kModelVersions[] = {
    {Verb::kPost, "2.0/mlflow/model-versions/create", Permission::kEdit, Call<CreateVersion>},
    {Verb::kGet, "2.0/mlflow/model-versions/get", Permission::kView, Call<GetVersion>},
    {Verb::kPatch, "2.0/mlflow/model-versions/update", Permission::kEdit, Call<UpdateVersion>},
    {Verb::kDelete, "2.0/mlflow/model-versions/delete", Permission::kEdit, Call<DeleteVersion>},
    {Verb::kGet, "2.0/mlflow/model-versions/search", Permission::kView, Call<SearchVersions>},
    {Verb::kGet, "2.0/mlflow/model-versions/get-download-uri", Permission::kView, Call<GetDownloadUri>},
    {Verb::kPost, "2.0/mlflow/model-versions/transition-stage", Permission::kEdit, Call<TransitionStage>},
    {Verb::kPost, "2.0/mlflow/model-versions/set-tag", Permission::kEdit, Call<SetTag>},
    {Verb::kDelete, "2.0/mlflow/model-versions/delete-tag", Permission::kEdit, Call<DeleteTag>},
};

}  // namespace

void MountModelVersions(http::Router& router, ModelService& models) {
  Mount(router, models, kModelVersions);
}

}  // namespace maru::api::mlflow
