// mlflow/experiments/*: described requests in, one call of ExperimentService, described responses out.
#include <algorithm>

#include "maru/api/mlflow/required.h"
#include "maru/api/mlflow/rpc.h"
#include "maru/api/mlflow/tracking_routes.h"
#include "maru/api/mlflow/tracking_shapes.h"

namespace maru::api::mlflow {
namespace {

using tracking::ExperimentService;

constexpr std::string_view kCustomViewTag = "mlflow.customView.";
constexpr std::ptrdiff_t kCustomViewsMax = 50;

struct CreateExperimentRequest {
  std::string name;
  std::string artifact_location;
  std::vector<KeyValue> tags;
};
BOOST_DESCRIBE_STRUCT(CreateExperimentRequest, (), (name, artifact_location, tags))

struct ExperimentIdJson {
  std::string experiment_id;
};
BOOST_DESCRIBE_STRUCT(ExperimentIdJson, (), (experiment_id))

struct ExperimentByNameRequest {
  std::string experiment_name;
};
BOOST_DESCRIBE_STRUCT(ExperimentByNameRequest, (), (experiment_name))

struct ExperimentResponse {
  ExperimentJson experiment;
};
BOOST_DESCRIBE_STRUCT(ExperimentResponse, (), (experiment))

struct UpdateExperimentRequest {
  std::string experiment_id;
  std::string new_name;
};
BOOST_DESCRIBE_STRUCT(UpdateExperimentRequest, (), (experiment_id, new_name))

struct ExperimentTagRequest {
  std::string experiment_id;
  std::string key;
  std::string value;
};
BOOST_DESCRIBE_STRUCT(ExperimentTagRequest, (), (experiment_id, key, value))

struct SearchExperimentsRequest {
  std::int64_t max_results = 0;
  std::string page_token;
  std::string filter;
  std::vector<std::string> order_by;
  json::Raw view_type;
};
BOOST_DESCRIBE_STRUCT(SearchExperimentsRequest, (), (max_results, page_token, filter, order_by, view_type))

struct SearchExperimentsResponse {
  std::vector<ExperimentJson> experiments;
  std::optional<std::string> next_page_token;
};
BOOST_DESCRIBE_STRUCT(SearchExperimentsResponse, (), (experiments, next_page_token))

Result<std::int64_t> RequiredId(const std::string& text) {
  MARU_RETURN_IF_ERROR(Require("experiment_id", text));
  return tracking::ParseExperimentId(text);
}

Result<ExperimentIdJson> Create(ExperimentService& experiments, const Caller& caller, CreateExperimentRequest in) {
  MARU_RETURN_IF_ERROR(Require("name", in.name));
  const auto views = std::count_if(in.tags.begin(), in.tags.end(),
                                   [](const KeyValue& tag) { return tag.key.starts_with(kCustomViewTag); });
  if (views > kCustomViewsMax) {
    return InvalidArgument(
        "Unable to create another custom view; the maximum number of custom views per experiment is {}. "
        "Delete an existing custom view before creating a new one.",
        kCustomViewsMax);
  }
  MARU_ASSIGN_OR_RETURN(const std::int64_t id, experiments.Create(caller, in.name, in.artifact_location,
                                                                  FromKeyValues<tracking::Tag>(std::move(in.tags))));
  return ExperimentIdJson{std::to_string(id)};
}

Result<ExperimentResponse> Get(ExperimentService& experiments, const Caller& caller, ExperimentIdJson in) {
  MARU_ASSIGN_OR_RETURN(const std::int64_t id, RequiredId(in.experiment_id));
  MARU_ASSIGN_OR_RETURN(tracking::Experiment experiment, experiments.Get(caller, id));
  return ExperimentResponse{ToJson(std::move(experiment))};
}

Result<ExperimentResponse> GetByName(ExperimentService& experiments, const Caller& caller, ExperimentByNameRequest in) {
  MARU_RETURN_IF_ERROR(Require("experiment_name", in.experiment_name));
  MARU_ASSIGN_OR_RETURN(tracking::Experiment experiment, experiments.GetByName(caller, in.experiment_name));
  return ExperimentResponse{ToJson(std::move(experiment))};
}

Result<Empty> Delete(ExperimentService& experiments, const Caller& caller, ExperimentIdJson in) {
  MARU_ASSIGN_OR_RETURN(const std::int64_t id, RequiredId(in.experiment_id));
  MARU_RETURN_IF_ERROR(experiments.Delete(caller, id));
  return Empty{};
}

Result<Empty> Restore(ExperimentService& experiments, const Caller& caller, ExperimentIdJson in) {
  MARU_ASSIGN_OR_RETURN(const std::int64_t id, RequiredId(in.experiment_id));
  MARU_RETURN_IF_ERROR(experiments.Restore(caller, id));
  return Empty{};
}

Result<Empty> Update(ExperimentService& experiments, const Caller& caller, UpdateExperimentRequest in) {
  MARU_ASSIGN_OR_RETURN(const std::int64_t id, RequiredId(in.experiment_id));
  MARU_RETURN_IF_ERROR(Require("new_name", in.new_name));
  MARU_RETURN_IF_ERROR(experiments.Rename(caller, id, in.new_name));
  return Empty{};
}

Result<Empty> SetTag(ExperimentService& experiments, const Caller& caller, ExperimentTagRequest in) {
  MARU_ASSIGN_OR_RETURN(const std::int64_t id, RequiredId(in.experiment_id));
  MARU_RETURN_IF_ERROR(Require("key", in.key));
  MARU_RETURN_IF_ERROR(experiments.SetTag(caller, id, {std::move(in.key), std::move(in.value)}));
  return Empty{};
}

Result<Empty> DeleteTag(ExperimentService& experiments, const Caller& caller, ExperimentTagRequest in) {
  MARU_ASSIGN_OR_RETURN(const std::int64_t id, RequiredId(in.experiment_id));
  MARU_RETURN_IF_ERROR(Require("key", in.key));
  MARU_RETURN_IF_ERROR(experiments.DeleteTag(caller, id, in.key));
  return Empty{};
}

Result<SearchExperimentsResponse> Search(ExperimentService& experiments, const Caller& caller,
                                         SearchExperimentsRequest in) {
  MARU_ASSIGN_OR_RETURN(const tracking::ViewType view, ReadViewType("view_type", in.view_type));
  MARU_ASSIGN_OR_RETURN(auto page, experiments.Search(caller, {.view = view,
                                                               .filter = std::move(in.filter),
                                                               .order_by = std::move(in.order_by),
                                                               .max_results = in.max_results,
                                                               .page_token = std::move(in.page_token)}));
  SearchExperimentsResponse out;
  for (tracking::Experiment& e : page.items) out.experiments.push_back(ToJson(std::move(e)));
  if (!page.next_page_token.empty()) out.next_page_token = std::move(page.next_page_token);
  return out;
}

constexpr Rpc<ExperimentService> kRoutes[] = {
    {Verb::kPost, "2.0/mlflow/experiments/create", Permission::kEdit, Call<Create>},
    {Verb::kGet, "2.0/mlflow/experiments/get", Permission::kView, Call<Get>},
    {Verb::kGet, "2.0/mlflow/experiments/get-by-name", Permission::kView, Call<GetByName>},
    {Verb::kPost, "2.0/mlflow/experiments/delete", Permission::kEdit, Call<Delete>},
    {Verb::kPost, "2.0/mlflow/experiments/restore", Permission::kEdit, Call<Restore>},
    {Verb::kPost, "2.0/mlflow/experiments/update", Permission::kEdit, Call<Update>},
    {Verb::kPost, "2.0/mlflow/experiments/search", Permission::kView, Call<Search>},
    {Verb::kGet, "2.0/mlflow/experiments/search", Permission::kView, Call<Search>},
    {Verb::kPost, "2.0/mlflow/experiments/set-experiment-tag", Permission::kEdit, Call<SetTag>},
    {Verb::kPost, "2.0/mlflow/experiments/delete-experiment-tag", Permission::kEdit, Call<DeleteTag>},
};

}  // namespace

void MountExperiments(http::Router& router, ExperimentService& experiments) {
  Mount(router, experiments, kRoutes);
}

}  // namespace maru::api::mlflow
