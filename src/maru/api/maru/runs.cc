// Runs: the table, one run, and what people change about it.
#include <set>

#include "maru/api/maru/mount.h"
#include "maru/api/maru/operation.h"
#include "maru/api/maru/shapes.h"
#include "maru/tracking/experiment_service.h"
#include "maru/tracking/run_service.h"
#include "maru/tracking/run_table.h"

namespace maru::api::own {
namespace {

using tracking::RunService;

struct RunQuery {
  std::vector<std::string> experiment_ids;  // none: every experiment of the workspace
  std::string filter;                       // MLflow's filter language
  std::vector<std::string> order_by;
  std::string view = "active";
  std::vector<std::string> columns;  // "metrics.loss", "params.depth", "tags.team"
  std::int64_t limit = 100;
  std::int64_t offset = 0;
};
BOOST_DESCRIBE_STRUCT(RunQuery, (), (experiment_ids, filter, order_by, view, columns, limit, offset))

struct RunColumn {
  std::string name;
  json::Raw values;  // an array as long as `ids`: numbers or texts, null where the run has none
};
BOOST_DESCRIBE_STRUCT(RunColumn, (), (name, values))

// A page of runs by columns: each array has one entry per run.
struct RunTable {
  std::vector<std::string> ids;
  std::vector<std::string> experiment_ids;
  std::vector<std::string> names;
  std::vector<std::string> statuses;
  std::vector<std::string> users;
  std::vector<std::int64_t> starts_ms;
  std::vector<std::int64_t> ends_ms;  // 0: not ended
  std::vector<RunColumn> columns;
  std::int64_t total = 0;  // of all pages
};
BOOST_DESCRIBE_STRUCT(RunTable, (), (ids, experiment_ids, names, statuses, users, starts_ms, ends_ms, columns, total))

struct Metric {
  std::string key;
  double value = 0;
  std::int64_t step = 0;
  std::int64_t time_ms = 0;
};
BOOST_DESCRIBE_STRUCT(Metric, (), (key, value, step, time_ms))

struct DatasetInput {
  std::string name;
  std::string digest;
  std::string source_type;
  std::string source;
  std::optional<std::string> schema;
  std::optional<std::string> profile;
  Tags tags;
};
BOOST_DESCRIBE_STRUCT(DatasetInput, (), (name, digest, source_type, source, schema, profile, tags))

struct Run {
  std::string id;
  std::string name;
  std::string experiment_id;
  std::string status;
  std::string lifecycle;
  std::string user;
  std::int64_t start_ms = 0;
  std::optional<std::int64_t> end_ms;
  std::string artifact_uri;
  Tags params;
  Tags tags;
  std::vector<Metric> metrics;  // the latest value of each
  std::vector<DatasetInput> datasets;
};
BOOST_DESCRIBE_STRUCT(Run, (),
                      (id, name, experiment_id, status, lifecycle, user, start_ms, end_ms, artifact_uri, params, tags,
                       metrics, datasets))

struct RunId {
  std::string run_id;
};
BOOST_DESCRIBE_STRUCT(RunId, (), (run_id))

struct ChangeRequest {
  std::string run_id;
  std::optional<std::string> name;
  std::optional<std::string> description;
};
BOOST_DESCRIBE_STRUCT(ChangeRequest, (), (run_id, name, description))

struct KeysRequest {
  std::string experiment_id;
  std::int64_t limit = 15'000;  // of each kind
};
BOOST_DESCRIBE_STRUCT(KeysRequest, (), (experiment_id, limit))

// What the runs of an experiment have logged, by name, in the order in which the names were first seen.
struct Keys {
  std::vector<std::string> params;
  std::vector<std::string> metrics;
  std::vector<std::string> tags;
  bool more = false;  // some kind has more than `limit`
};
BOOST_DESCRIBE_STRUCT(Keys, (), (params, metrics, tags, more))

std::string ColumnJson(const tracking::TableColumn& column) {
  const auto list = [](const auto& values) {
    std::string text = "[";
    for (const auto& value : values) {
      if (text.size() > 1) text += ',';
      text += value ? json::Encode(*value) : "null";
    }
    return text + "]";
  };
  return column.numeric ? list(column.numbers) : list(column.texts);
}

Result<RunTable> SearchRuns(RunService& service, const Caller& caller, RunQuery request) {
  tracking::TableQuery query{.filter = request.filter,
                             .order_by = request.order_by,
                             .columns = request.columns,
                             .offset = request.offset,
                             .limit = request.limit};
  MARU_ASSIGN_OR_RETURN(query.experiment_ids, tracking::ParseExperimentIds(request.experiment_ids));
  MARU_ASSIGN_OR_RETURN(query.view, ParseView(request.view));
  MARU_ASSIGN_OR_RETURN(const tracking::RunTable found, service.Table(caller, query));
  RunTable table{.total = found.total};
  for (const tracking::RunInfo& run : found.runs) {
    table.ids.push_back(run.run_id);
    table.experiment_ids.push_back(std::to_string(run.experiment_id));
    table.names.push_back(run.name);
    table.statuses.emplace_back(tracking::RunStatusName(run.status));
    table.users.push_back(run.user_id);
    table.starts_ms.push_back(run.start_time_ms);
    table.ends_ms.push_back(run.end_time_ms.value_or(0));
  }
  for (const tracking::TableColumn& column : found.columns)
    table.columns.push_back({column.name, {ColumnJson(column)}});
  return table;
}

Result<Run> GetRun(RunService& service, const Caller& caller, RunId request) {
  MARU_ASSIGN_OR_RETURN(tracking::Run from, service.Get(caller, request.run_id));
  Run run{from.info.run_id,
          from.info.name,
          std::to_string(from.info.experiment_id),
          std::string(tracking::RunStatusName(from.info.status)),
          Lifecycle(from.info.deleted),
          from.info.user_id,
          from.info.start_time_ms,
          from.info.end_time_ms,
          from.info.artifact_uri};
  for (tracking::Param& param : from.params) run.params.emplace(std::move(param.key), std::move(param.value));
  run.tags = ShapeTags(std::move(from.tags));
  for (tracking::Metric& metric : from.metrics) {
    run.metrics.push_back({std::move(metric.key), metric.point.value, metric.point.step, metric.point.timestamp_ms});
  }
  for (tracking::DatasetInput& input : from.datasets) {
    tracking::Dataset& d = input.dataset;
    run.datasets.push_back({d.name, d.digest, d.source_type, d.source, std::move(d.schema), std::move(d.profile),
                            ShapeTags(std::move(input.tags))});
  }
  return run;
}

Result<Run> ChangeRun(RunService& service, const Caller& caller, ChangeRequest request) {
  if (request.name) {
    if (request.name->empty()) return InvalidArgument("name: a run's name must not be empty");
    MARU_RETURN_IF_ERROR(service.Update(caller, request.run_id, {.name = *request.name}).status());
  }
  if (request.description) {
    MARU_RETURN_IF_ERROR(service.SetTag(caller, request.run_id, {"mlflow.note.content", *request.description}));
  }
  return GetRun(service, caller, {request.run_id});
}

Result<Done> DeleteRun(RunService& service, const Caller& caller, RunId request) {
  MARU_RETURN_IF_ERROR(service.Delete(caller, request.run_id));
  return Done{};
}

Result<Done> RestoreRun(RunService& service, const Caller& caller, RunId request) {
  MARU_RETURN_IF_ERROR(service.Restore(caller, request.run_id));
  return Done{};
}

Result<Keys> ListKeys(RunService& service, const Caller& caller, KeysRequest request) {
  MARU_ASSIGN_OR_RETURN(const std::int64_t id, tracking::ParseExperimentId(request.experiment_id));
  MARU_ASSIGN_OR_RETURN(tracking::KeyNames names, service.Keys(caller, id, request.limit));
  return Keys{std::move(names.params), std::move(names.metrics), std::move(names.tags), names.more};
}

constexpr Row<RunService> kRows[] = {
    {Verb::kPost, "/runs/search", Permission::kView, "A page of runs as columns, only those asked for",
     Does<SearchRuns>},
    {Verb::kGet, "/runs/{run_id}", Permission::kView, "One run with all that belongs to it", Does<GetRun>},
    {Verb::kPatch, "/runs/{run_id}", Permission::kEdit, "Rename or describe it", Does<ChangeRun>},
    {Verb::kDelete, "/runs/{run_id}", Permission::kEdit, "Delete it; it can be restored", Does<DeleteRun>},
    {Verb::kPost, "/runs/{run_id}/restore", Permission::kEdit, "Restore it", Does<RestoreRun>},
    {Verb::kGet, "/experiments/{experiment_id}/keys", Permission::kView,
     "The names of params, metrics and tags that its runs have logged", Does<ListKeys>},
};

}  // namespace

void MountRuns(http::Router& router, Catalog& catalog, RunService& service) {
  Mount(router, catalog, service, "runs", kRows);
}

}  // namespace maru::api::own
