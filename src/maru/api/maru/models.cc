// The registry: models, versions, aliases.
#include "maru/api/maru/mount.h"
#include "maru/api/maru/operation.h"
#include "maru/registry/model_service.h"

namespace maru::api::own {
namespace {

using registry::ModelService;
using registry::Tags;

struct Alias {
  std::string alias;
  std::string version;
};
BOOST_DESCRIBE_STRUCT(Alias, (), (alias, version))

struct Model {
  std::string name;
  std::string description;
  std::int64_t created_ms = 0;
  std::int64_t updated_ms = 0;
  Tags tags;
  std::vector<Alias> aliases;
  std::string latest_version;  // empty when it has none
};
BOOST_DESCRIBE_STRUCT(Model, (), (name, description, created_ms, updated_ms, tags, aliases, latest_version))

struct ModelPage {
  std::vector<Model> models;
  std::string next_page_token;
};
BOOST_DESCRIBE_STRUCT(ModelPage, (), (models, next_page_token))

struct Version {
  std::string name;
  std::string version;
  std::string description;
  std::int64_t created_ms = 0;
  std::int64_t updated_ms = 0;
  std::string user;
  std::string stage;
  std::string source;
  std::string run_id;  // empty when no run made it
  Tags tags;
  std::vector<std::string> aliases;
};
BOOST_DESCRIBE_STRUCT(Version, (),
                      (name, version, description, created_ms, updated_ms, user, stage, source, run_id, tags, aliases))

struct VersionPage {
  std::vector<Version> versions;  // the newest first
  std::string next_page_token;
};
BOOST_DESCRIBE_STRUCT(VersionPage, (), (versions, next_page_token))

struct ListRequest {
  std::string filter;
  std::int64_t limit = 100;
  std::string page_token;
};
BOOST_DESCRIBE_STRUCT(ListRequest, (), (filter, limit, page_token))

struct ModelName {
  std::string model;
};
BOOST_DESCRIBE_STRUCT(ModelName, (), (model))

struct ChangeModelRequest {
  std::string model;
  std::optional<std::string> name;
  std::optional<std::string> description;
};
BOOST_DESCRIBE_STRUCT(ChangeModelRequest, (), (model, name, description))

struct VersionsRequest {
  std::string model;
  std::string run_id;
  std::int64_t limit = 100;
  std::string page_token;
};
BOOST_DESCRIBE_STRUCT(VersionsRequest, (), (model, run_id, limit, page_token))

struct VersionId {
  std::string model;
  std::int64_t version = 0;
};
BOOST_DESCRIBE_STRUCT(VersionId, (), (model, version))

struct ChangeVersionRequest {
  std::string model;
  std::int64_t version = 0;
  std::optional<std::string> description;
};
BOOST_DESCRIBE_STRUCT(ChangeVersionRequest, (), (model, version, description))

struct SetAliasRequest {
  std::string model;
  std::string alias;
  std::int64_t version = 0;
  std::optional<std::int64_t> expected_version;  // only if it is there now; 0: only if there is no such alias
};
BOOST_DESCRIBE_STRUCT(SetAliasRequest, (), (model, alias, version, expected_version))

struct AliasId {
  std::string model;
  std::string alias;
};
BOOST_DESCRIBE_STRUCT(AliasId, (), (model, alias))

Model Shape(const registry::RegisteredModel& from) {
  Model model{from.name, from.description.value_or(""), from.created_ms, from.updated_ms, from.tags};
  for (const registry::Alias& alias : from.aliases)
    model.aliases.push_back({alias.alias, std::to_string(alias.version)});
  std::int64_t latest = 0;
  for (const registry::ModelVersion& version : from.latest_versions) latest = std::max(latest, version.version);
  if (latest > 0) model.latest_version = std::to_string(latest);
  return model;
}

Version Shape(const registry::ModelVersion& from) {
  return {from.name,
          std::to_string(from.version),
          from.description.value_or(""),
          from.created_ms,
          from.updated_ms,
          from.user_id,
          from.stage,
          from.source,
          from.run_id,
          from.tags,
          from.aliases};
}

// A name inside a filter string: quotes cannot be escaped there, so one kind is chosen that the name does not have.
Result<std::string> Quoted(std::string_view text) {
  const char quote = text.find('\'') == std::string_view::npos ? '\'' : '"';
  if (text.find(quote) != std::string_view::npos) return InvalidArgument("\"{}\" has both kinds of quotes", text);
  return quote + std::string(text) + quote;
}

Result<ModelPage> ListModels(ModelService& service, const Caller& caller, ListRequest request) {
  registry::Search search{.filter = request.filter, .max_results = request.limit, .page_token = request.page_token};
  search.order_by = {"last_updated_timestamp DESC"};
  MARU_ASSIGN_OR_RETURN(const auto found, service.SearchModels(caller, search));
  ModelPage page{.next_page_token = found.next_page_token};
  for (const registry::RegisteredModel& model : found.items) page.models.push_back(Shape(model));
  return page;
}

Result<Model> GetModel(ModelService& service, const Caller& caller, ModelName request) {
  MARU_ASSIGN_OR_RETURN(const auto model, service.GetModel(caller, request.model));
  return Shape(model);
}

Result<Model> ChangeModel(ModelService& service, const Caller& caller, ChangeModelRequest request) {
  if (request.description) {
    MARU_RETURN_IF_ERROR(service.UpdateModel(caller, request.model, *request.description).status());
  }
  if (request.name && *request.name != request.model) {
    MARU_RETURN_IF_ERROR(service.RenameModel(caller, request.model, *request.name).status());
    request.model = *request.name;
  }
  return GetModel(service, caller, {request.model});
}

Result<Done> DeleteModel(ModelService& service, const Caller& caller, ModelName request) {
  MARU_RETURN_IF_ERROR(service.DeleteModel(caller, request.model));
  return Done{};
}

Result<VersionPage> Versions(ModelService& service, const Caller& caller, VersionsRequest request) {
  registry::Search search{.max_results = request.limit, .page_token = request.page_token};
  search.order_by = {"version_number DESC"};
  if (!request.model.empty()) {
    MARU_RETURN_IF_ERROR(service.GetModel(caller, request.model).status());
    MARU_ASSIGN_OR_RETURN(const std::string name, Quoted(request.model));
    search.filter = "name = " + name;
  }
  if (!request.run_id.empty()) {
    MARU_ASSIGN_OR_RETURN(const std::string run, Quoted(request.run_id));
    search.filter += (search.filter.empty() ? "run_id = " : " AND run_id = ") + run;
  }
  MARU_ASSIGN_OR_RETURN(const auto found, service.SearchVersions(caller, search));
  VersionPage page{.next_page_token = found.next_page_token};
  for (const registry::ModelVersion& version : found.items) page.versions.push_back(Shape(version));
  return page;
}

Result<Version> GetVersion(ModelService& service, const Caller& caller, VersionId request) {
  MARU_ASSIGN_OR_RETURN(const auto version, service.GetVersion(caller, request.model, request.version));
  return Shape(version);
}

Result<Version> ChangeVersion(ModelService& service, const Caller& caller, ChangeVersionRequest request) {
  if (request.description) {
    MARU_RETURN_IF_ERROR(service.UpdateVersion(caller, request.model, request.version, request.description).status());
  }
  return GetVersion(service, caller, {request.model, request.version});
}

Result<Done> DeleteVersion(ModelService& service, const Caller& caller, VersionId request) {
  MARU_RETURN_IF_ERROR(service.DeleteVersion(caller, request.model, request.version));
  return Done{};
}

Result<Done> SetAlias(ModelService& service, const Caller& caller, SetAliasRequest request) {
  MARU_RETURN_IF_ERROR(
      service.SetAlias(caller, request.model, request.alias, request.version, request.expected_version));
  return Done{};
}

Result<Done> DeleteAlias(ModelService& service, const Caller& caller, AliasId request) {
  MARU_RETURN_IF_ERROR(service.DeleteAlias(caller, request.model, request.alias));
  return Done{};
}

constexpr Row<ModelService> kRows[] = {
    {Verb::kGet, "/models", Permission::kView, "Registered models, the last changed first", Does<ListModels>},
    {Verb::kGet, "/models/{model}", Permission::kView, "One registered model", Does<GetModel>},
    {Verb::kPatch, "/models/{model}", Permission::kEdit, "Rename or describe it", Does<ChangeModel>},
    {Verb::kDelete, "/models/{model}", Permission::kEdit, "Delete it with all its versions, for good",
     Does<DeleteModel>},
    {Verb::kGet, "/models/{model}/versions", Permission::kView, "Its versions, the newest first", Does<Versions>},
    {Verb::kGet, "/versions", Permission::kView, "Versions of every model, by the run that made them", Does<Versions>},
    {Verb::kGet, "/models/{model}/versions/{version}", Permission::kView, "One version", Does<GetVersion>},
    {Verb::kPatch, "/models/{model}/versions/{version}", Permission::kEdit, "Describe it", Does<ChangeVersion>},
    {Verb::kDelete, "/models/{model}/versions/{version}", Permission::kEdit, "Delete it, for good",
     Does<DeleteVersion>},
    {Verb::kPut, "/models/{model}/aliases/{alias}", Permission::kEdit, "Move an alias, if it still is where expected",
     Does<SetAlias>},
    {Verb::kDelete, "/models/{model}/aliases/{alias}", Permission::kEdit, "Remove an alias", Does<DeleteAlias>},
};

}  // namespace

void MountModels(http::Router& router, Catalog& catalog, ModelService& service) {
  Mount(router, catalog, service, "models", kRows);
}

}  // namespace maru::api::own
