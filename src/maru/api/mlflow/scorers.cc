#include <absl/strings/numbers.h>

#include "maru/api/mlflow/evaluation_routes.h"
#include "maru/api/mlflow/required.h"
#include "maru/api/mlflow/rpc.h"

namespace maru::api::mlflow {
namespace {

using evaluation::ScorerService;
using evaluation::ScorerVersion;

struct ScorerShape {
  std::int64_t experiment_id = 0;
  std::string scorer_name;
  std::int64_t scorer_version = 0;
  std::string serialized_scorer;
  std::int64_t creation_time = 0;
  std::string scorer_id;
};
BOOST_DESCRIBE_STRUCT(ScorerShape, (),
                      (experiment_id, scorer_name, scorer_version, serialized_scorer, creation_time, scorer_id))

ScorerShape Shape(const ScorerVersion& scorer) {
  ScorerShape shape{0, scorer.name, scorer.version, scorer.definition, scorer.created_ms, scorer.scorer_id};
  if (!absl::SimpleAtoi(scorer.experiment_id, &shape.experiment_id)) shape.experiment_id = 0;
  return shape;
}

struct RegisterRequest {
  std::string experiment_id, name, serialized_scorer;
};
BOOST_DESCRIBE_STRUCT(RegisterRequest, (), (experiment_id, name, serialized_scorer))

struct RegisterResponse {
  std::int64_t version = 0;
  std::string scorer_id, experiment_id, name, serialized_scorer;
  std::int64_t creation_time = 0;
};
BOOST_DESCRIBE_STRUCT(RegisterResponse, (), (version, scorer_id, experiment_id, name, serialized_scorer, creation_time))

Result<RegisterResponse> Register(ScorerService& scorers, const Caller& caller, RegisterRequest request) {
  MARU_RETURN_IF_ERROR(Require("experiment_id", request.experiment_id));
  MARU_RETURN_IF_ERROR(Require("name", request.name));
  MARU_RETURN_IF_ERROR(Require("serialized_scorer", request.serialized_scorer));
  MARU_ASSIGN_OR_RETURN(const ScorerVersion made,
                        scorers.Register(caller, request.experiment_id, request.name, request.serialized_scorer));
  return RegisterResponse{made.version, made.scorer_id,  made.experiment_id,
                          made.name,    made.definition, made.created_ms};
}

struct ListRequest {
  std::string experiment_id;
  std::vector<std::string> experiment_ids;
};
BOOST_DESCRIBE_STRUCT(ListRequest, (), (experiment_id, experiment_ids))

struct ScorersResponse {
  std::optional<std::vector<ScorerShape>> scorers;
};
BOOST_DESCRIBE_STRUCT(ScorersResponse, (), (scorers))

ScorersResponse Shapes(const std::vector<ScorerVersion>& scorers) {
  ScorersResponse response;
  for (const ScorerVersion& scorer : scorers) {
    if (!response.scorers) response.scorers.emplace();
    response.scorers->push_back(Shape(scorer));
  }
  return response;
}

Result<ScorersResponse> List(ScorerService& scorers, const Caller& caller, ListRequest request) {
  if (!request.experiment_id.empty() && !request.experiment_ids.empty()) {
    return InvalidArgument(
        "Cannot specify both 'experiment_id' and 'experiment_ids'. Use 'experiment_ids' to scope the query to multiple "
        "experiments, or 'experiment_id' to scope it to a single experiment.");
  }
  if (!request.experiment_id.empty()) request.experiment_ids = {request.experiment_id};
  MARU_ASSIGN_OR_RETURN(const auto found, scorers.List(caller, request.experiment_ids));
  return Shapes(found);
}

struct ScorerRequest {
  std::string experiment_id, name;
  std::optional<std::int64_t> version;
};
BOOST_DESCRIBE_STRUCT(ScorerRequest, (), (experiment_id, name, version))

Status CheckNamed(const ScorerRequest& request) {
  MARU_RETURN_IF_ERROR(Require("experiment_id", request.experiment_id));
  return Require("name", request.name);
}

Result<ScorersResponse> Versions(ScorerService& scorers, const Caller& caller, ScorerRequest request) {
  MARU_RETURN_IF_ERROR(CheckNamed(request));
  MARU_ASSIGN_OR_RETURN(const auto found, scorers.Versions(caller, request.experiment_id, request.name));
  return Shapes(found);
}

struct ScorerResponse {
  ScorerShape scorer;
};
BOOST_DESCRIBE_STRUCT(ScorerResponse, (), (scorer))

Result<ScorerResponse> Get(ScorerService& scorers, const Caller& caller, ScorerRequest request) {
  MARU_RETURN_IF_ERROR(CheckNamed(request));
  MARU_ASSIGN_OR_RETURN(const ScorerVersion scorer,
                        scorers.Get(caller, request.experiment_id, request.name, request.version));
  return ScorerResponse{Shape(scorer)};
}

Result<Empty> Delete(ScorerService& scorers, const Caller& caller, ScorerRequest request) {
  MARU_RETURN_IF_ERROR(CheckNamed(request));
  MARU_RETURN_IF_ERROR(scorers.Delete(caller, request.experiment_id, request.name, request.version));
  return Empty{};
}

struct OnlineConfigs {
  std::vector<json::Raw> configs;
};
BOOST_DESCRIBE_STRUCT(OnlineConfigs, (), (configs))

// Listing scorers asks this too. Scorers run in clients, so none has a configuration for running here.
Result<OnlineConfigs> GetOnlineConfigs(ScorerService&, const Caller&, Empty) {
  return OnlineConfigs{};
}

constexpr Rpc<ScorerService> kScorers[] = {
    {Verb::kPost, "3.0/mlflow/scorers/register", Permission::kEdit, Call<Register>},
    {Verb::kGet, "3.0/mlflow/scorers/list", Permission::kView, Call<List>},
    {Verb::kGet, "3.0/mlflow/scorers/versions", Permission::kView, Call<Versions>},
    {Verb::kGet, "3.0/mlflow/scorers/get", Permission::kView, Call<Get>},
    {Verb::kGet, "3.0/mlflow/scorers/online-configs", Permission::kView, Call<GetOnlineConfigs>},
    {Verb::kDelete, "3.0/mlflow/scorers/delete", Permission::kEdit, Call<Delete>},
};

}  // namespace

void MountScorers(http::Router& router, ScorerService& scorers) {
  Mount(router, scorers, kScorers);
}

}  // namespace maru::api::mlflow
