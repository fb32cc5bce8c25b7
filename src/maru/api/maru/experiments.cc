// Experiments.
#include "maru/api/maru/mount.h"
#include "maru/api/maru/operation.h"
#include "maru/api/maru/shapes.h"
#include "maru/tracking/experiment_service.h"

namespace maru::api::own {
namespace {

using tracking::ExperimentService;

struct Experiment {
  std::string id;
  std::string name;
  std::string lifecycle;  // active or deleted
  std::string artifact_location;
  std::int64_t created_ms = 0;
  std::int64_t updated_ms = 0;
  Tags tags;
};
BOOST_DESCRIBE_STRUCT(Experiment, (), (id, name, lifecycle, artifact_location, created_ms, updated_ms, tags))

struct ExperimentPage {
  std::vector<Experiment> experiments;
  std::string next_page_token;
};
BOOST_DESCRIBE_STRUCT(ExperimentPage, (), (experiments, next_page_token))

struct ListRequest {
  std::string view = "active";
  std::string filter;
  std::string order_by;
  std::int64_t limit = 1000;
  std::string page_token;
};
BOOST_DESCRIBE_STRUCT(ListRequest, (), (view, filter, order_by, limit, page_token))

struct CreateRequest {
  std::string name;
  std::string artifact_location;
  Tags tags;
};
BOOST_DESCRIBE_STRUCT(CreateRequest, (), (name, artifact_location, tags))

struct ExperimentId {
  std::string experiment_id;
};
BOOST_DESCRIBE_STRUCT(ExperimentId, (), (experiment_id))

struct ChangeRequest {
  std::string experiment_id;
  std::optional<std::string> name;
  std::optional<std::string> description;
};
BOOST_DESCRIBE_STRUCT(ChangeRequest, (), (experiment_id, name, description))

Experiment Shape(tracking::Experiment from) {
  return {std::to_string(from.id),        from.name,
          Lifecycle(from.deleted),        from.artifact_location,
          from.creation_time_ms,          from.last_update_time_ms,
          ShapeTags(std::move(from.tags))};
}

Result<ExperimentPage> ListExperiments(ExperimentService& service, const Caller& caller, ListRequest request) {
  tracking::ExperimentQuery query{
      .filter = request.filter, .max_results = request.limit, .page_token = request.page_token};
  MARU_ASSIGN_OR_RETURN(query.view, ParseView(request.view));
  query.order_by = {request.order_by.empty() ? "last_update_time DESC" : request.order_by};
  MARU_ASSIGN_OR_RETURN(auto found, service.Search(caller, query));
  ExperimentPage page{.next_page_token = found.next_page_token};
  for (tracking::Experiment& experiment : found.items) page.experiments.push_back(Shape(std::move(experiment)));
  return page;
}

Result<Experiment> GetExperiment(ExperimentService& service, const Caller& caller, ExperimentId request) {
  MARU_ASSIGN_OR_RETURN(const std::int64_t id, tracking::ParseExperimentId(request.experiment_id));
  MARU_ASSIGN_OR_RETURN(auto experiment, service.Get(caller, id));
  return Shape(std::move(experiment));
}

Result<Experiment> CreateExperiment(ExperimentService& service, const Caller& caller, CreateRequest request) {
  std::vector<tracking::Tag> tags;
  for (auto& [key, value] : request.tags) tags.push_back({key, value});
  MARU_ASSIGN_OR_RETURN(const std::int64_t id,
                        service.Create(caller, request.name, request.artifact_location, std::move(tags)));
  MARU_ASSIGN_OR_RETURN(auto experiment, service.Get(caller, id));
  return Shape(std::move(experiment));
}

Result<Experiment> ChangeExperiment(ExperimentService& service, const Caller& caller, ChangeRequest request) {
  MARU_ASSIGN_OR_RETURN(const std::int64_t id, tracking::ParseExperimentId(request.experiment_id));
  if (request.name) MARU_RETURN_IF_ERROR(service.Rename(caller, id, *request.name));
  if (request.description) {
    MARU_RETURN_IF_ERROR(service.SetTag(caller, id, {"mlflow.note.content", *request.description}));
  }
  MARU_ASSIGN_OR_RETURN(auto experiment, service.Get(caller, id));
  return Shape(std::move(experiment));
}

Result<Done> DeleteExperiment(ExperimentService& service, const Caller& caller, ExperimentId request) {
  MARU_ASSIGN_OR_RETURN(const std::int64_t id, tracking::ParseExperimentId(request.experiment_id));
  MARU_RETURN_IF_ERROR(service.Delete(caller, id));
  return Done{};
}

Result<Done> RestoreExperiment(ExperimentService& service, const Caller& caller, ExperimentId request) {
  MARU_ASSIGN_OR_RETURN(const std::int64_t id, tracking::ParseExperimentId(request.experiment_id));
  MARU_RETURN_IF_ERROR(service.Restore(caller, id));
  return Done{};
}

constexpr Row<ExperimentService> kRows[] = {
    {Verb::kGet, "/experiments", Permission::kView, "Experiments, the last changed first", Does<ListExperiments>},
    {Verb::kPost, "/experiments", Permission::kEdit, "Create an experiment", Does<CreateExperiment>},
    {Verb::kGet, "/experiments/{experiment_id}", Permission::kView, "One experiment", Does<GetExperiment>},
    {Verb::kPatch, "/experiments/{experiment_id}", Permission::kEdit, "Rename or describe it", Does<ChangeExperiment>},
    {Verb::kDelete, "/experiments/{experiment_id}", Permission::kEdit, "Delete it with its runs; it can be restored",
     Does<DeleteExperiment>},
    {Verb::kPost, "/experiments/{experiment_id}/restore", Permission::kEdit, "Restore it with its runs",
     Does<RestoreExperiment>},
};

}  // namespace

void MountExperiments(http::Router& router, Catalog& catalog, ExperimentService& service) {
  Mount(router, catalog, service, "experiments", kRows);
}

}  // namespace maru::api::own
