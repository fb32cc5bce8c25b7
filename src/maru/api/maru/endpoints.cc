// Endpoints: what is deployed, what it follows, how it fares.
#include "maru/api/maru/mount.h"
#include "maru/api/maru/operation.h"
#include "maru/serving/endpoint_service.h"

namespace maru::api::own {
namespace {

using serving::EndpointService;
using serving::LatencyHistogram;

struct EndpointTensor {
  std::string name;
  std::string datatype;
  std::vector<std::int64_t> shape;  // -1 is any length
  bool required = true;
};
BOOST_DESCRIBE_STRUCT(EndpointTensor, (), (name, datatype, shape, required))

struct EndpointRevision {
  std::int64_t number = 0;
  std::string model_name;
  std::string model_version;
  std::string state;  // loading, ready, failed or retired
  std::string error;
  std::int64_t attempts = 0;
  std::int64_t created_ms = 0;
  std::int64_t ready_ms = 0;  // 0: never was
  std::int64_t ended_ms = 0;  // 0: has not
};
BOOST_DESCRIBE_STRUCT(EndpointRevision, (),
                      (number, model_name, model_version, state, error, attempts, created_ms, ready_ms, ended_ms))

// Since the server started.
struct EndpointStats {
  std::int64_t requests = 0;
  std::int64_t errors = 0;    // of any kind
  std::int64_t failures = 0;  // of those, not the caller's
  std::int64_t in_flight = 0;
  std::int64_t last_request_ms = 0;
  double mean_ms = 0, p50_ms = 0, p95_ms = 0, p99_ms = 0;
};
BOOST_DESCRIBE_STRUCT(EndpointStats, (),
                      (requests, errors, failures, in_flight, last_request_ms, mean_ms, p50_ms, p95_ms, p99_ms))

struct Endpoint {
  std::string name;
  std::string model_uri;
  std::string status;   // ready, degraded (serves, but not what is asked for), loading or failed
  std::string problem;  // why it is degraded or failed
  serving::EndpointSettings settings;
  std::string created_by;
  std::int64_t created_ms = 0;
  std::int64_t updated_ms = 0;
  std::optional<std::int64_t> revision;  // that answers now, with its model:
  std::string model_name;
  std::string model_version;
  std::string platform;
  bool columns = false;  // inputs are the columns of a data frame
  std::vector<EndpointTensor> inputs, outputs;
  std::vector<EndpointRevision> revisions;  // the newest first
  EndpointStats stats;
};
BOOST_DESCRIBE_STRUCT(Endpoint, (),
                      (name, model_uri, status, problem, settings, created_by, created_ms, updated_ms, revision,
                       model_name, model_version, platform, columns, inputs, outputs, revisions, stats))

struct EndpointList {
  std::vector<Endpoint> endpoints;
};
BOOST_DESCRIBE_STRUCT(EndpointList, (), (endpoints))

struct LatencyBucket {
  double up_to_ms = 0;
  std::int64_t count = 0;
};
BOOST_DESCRIBE_STRUCT(LatencyBucket, (), (up_to_ms, count))

struct EndpointLatencies {
  EndpointStats stats;
  std::vector<LatencyBucket> latency;  // the buckets that are not empty
};
BOOST_DESCRIBE_STRUCT(EndpointLatencies, (), (stats, latency))

struct NoRequest {};
BOOST_DESCRIBE_STRUCT(NoRequest, (), ())

struct EndpointName {
  std::string endpoint;
};
BOOST_DESCRIBE_STRUCT(EndpointName, (), (endpoint))

struct CreateEndpointRequest {
  std::string name;
  std::string model_uri;
  serving::EndpointSettings settings;
};
BOOST_DESCRIBE_STRUCT(CreateEndpointRequest, (), (name, model_uri, settings))

struct ChangeEndpointRequest {
  std::string endpoint;
  std::optional<std::string> model_uri;
  std::optional<serving::EndpointSettings> settings;
};
BOOST_DESCRIBE_STRUCT(ChangeEndpointRequest, (), (endpoint, model_uri, settings))

std::vector<EndpointTensor> Shape(const std::vector<serving::TensorSpec>& specs) {
  std::vector<EndpointTensor> tensors;
  for (const serving::TensorSpec& spec : specs) {
    tensors.push_back({spec.name,
                       std::string(serving::DataTypeName(spec.type)),
                       {spec.shape.begin(), spec.shape.end()},
                       spec.required});
  }
  return tensors;
}

EndpointStats Shape(const serving::LiveStats& live) {
  EndpointStats stats{.requests = live.requests.load(),
                      .errors = live.errors.load(),
                      .failures = live.failures.load(),
                      .in_flight = live.in_flight.load(),
                      .last_request_ms = live.last_request_ms.load()};
  const auto counts = live.latency.Counts();
  std::int64_t total = 0;
  for (const std::int64_t count : counts) total += count;
  if (total == 0) return stats;
  stats.mean_ms = static_cast<double>(live.latency.sum_ns()) / static_cast<double>(total) * 1e-6;
  stats.p50_ms = LatencyHistogram::QuantileSeconds(counts, 0.5) * 1e3;
  stats.p95_ms = LatencyHistogram::QuantileSeconds(counts, 0.95) * 1e3;
  stats.p99_ms = LatencyHistogram::QuantileSeconds(counts, 0.99) * 1e3;
  return stats;
}

const char* StatusOf(const serving::EndpointView& view) {
  if (view.serving) return view.problem.empty() ? "ready" : "degraded";
  return view.problem.empty() ? "loading" : "failed";
}

Endpoint Shape(const serving::EndpointView& view) {
  Endpoint endpoint{.name = view.row.name,
                    .model_uri = view.row.model_uri,
                    .status = StatusOf(view),
                    .problem = view.problem,
                    .settings = view.row.settings,
                    .created_by = view.row.created_by,
                    .created_ms = view.row.created_ms,
                    .updated_ms = view.row.updated_ms,
                    .revision = view.serving};
  if (view.revision != nullptr) {
    const serving::ModelMetadata& model = view.revision->metadata();
    endpoint.model_name = view.revision->options().model_name;
    endpoint.model_version = view.revision->options().model_version;
    endpoint.platform = model.platform;
    endpoint.columns = model.columns;
    endpoint.inputs = Shape(model.inputs);
    endpoint.outputs = Shape(model.outputs);
  }
  for (auto row = view.revisions.rbegin(); row != view.revisions.rend(); ++row) {
    endpoint.revisions.push_back({.number = row->number,
                                  .model_name = row->model_name,
                                  .model_version = row->model_version,
                                  .state = serving::RevisionStateName(row->state),
                                  .error = row->error,
                                  .attempts = row->attempts,
                                  .created_ms = row->created_ms,
                                  .ready_ms = row->ready_ms,
                                  .ended_ms = row->ended_ms});
  }
  if (view.stats != nullptr) endpoint.stats = Shape(*view.stats);
  return endpoint;
}

Result<EndpointList> ListEndpoints(EndpointService& service, const Caller& caller, NoRequest) {
  MARU_ASSIGN_OR_RETURN(const auto views, service.List(caller));
  EndpointList list;
  for (const serving::EndpointView& view : views) list.endpoints.push_back(Shape(view));
  return list;
}

Result<Endpoint> CreateEndpoint(EndpointService& service, const Caller& caller, CreateEndpointRequest request) {
  MARU_ASSIGN_OR_RETURN(const auto view, service.Create(caller, {.name = std::move(request.name),
                                                                 .model_uri = std::move(request.model_uri),
                                                                 .settings = std::move(request.settings)}));
  return Shape(view);
}

Result<Endpoint> GetEndpoint(EndpointService& service, const Caller& caller, EndpointName request) {
  MARU_ASSIGN_OR_RETURN(const auto view, service.Get(caller, request.endpoint));
  return Shape(view);
}

Result<Endpoint> ChangeEndpoint(EndpointService& service, const Caller& caller, ChangeEndpointRequest request) {
  MARU_ASSIGN_OR_RETURN(const auto view, service.Update(caller, request.endpoint,
                                                        {.model_uri = std::move(request.model_uri),
                                                         .settings = std::move(request.settings)}));
  return Shape(view);
}

Result<Done> DeleteEndpoint(EndpointService& service, const Caller& caller, EndpointName request) {
  MARU_RETURN_IF_ERROR(service.Delete(caller, request.endpoint));
  return Done{};
}

Result<EndpointLatencies> GetEndpointStats(EndpointService& service, const Caller& caller, EndpointName request) {
  const auto endpoint = service.Find(caller.workspace, request.endpoint);
  if (endpoint == nullptr) return NotFound("there is no endpoint \"{}\"", request.endpoint);
  EndpointLatencies latencies{.stats = Shape(*endpoint->stats())};
  const auto counts = endpoint->stats()->latency.Counts();
  for (int i = 0; i < LatencyHistogram::kBuckets; ++i) {
    if (counts[i] > 0) latencies.latency.push_back({LatencyHistogram::UpperBoundSeconds(i) * 1e3, counts[i]});
  }
  return latencies;
}

constexpr Row<EndpointService> kEndpoints[] = {
    {Verb::kGet, "/endpoints", Permission::kView, "Every endpoint", Does<ListEndpoints>},
    {Verb::kPost, "/endpoints", Permission::kEdit, "Deploy a model: models:/NAME@ALIAS or models:/NAME/VERSION",
     Does<CreateEndpoint>},
    {Verb::kGet, "/endpoints/{endpoint}", Permission::kView, "One endpoint", Does<GetEndpoint>},
    {Verb::kPatch, "/endpoints/{endpoint}", Permission::kEdit, "Change what an endpoint serves, or its settings",
     Does<ChangeEndpoint>},
    {Verb::kDelete, "/endpoints/{endpoint}", Permission::kEdit, "Take an endpoint away", Does<DeleteEndpoint>},
    {Verb::kGet, "/endpoints/{endpoint}/stats", Permission::kView, "Requests, errors and latencies since the start",
     Does<GetEndpointStats>},
};

}  // namespace

void MountEndpoints(http::Router& router, Catalog& catalog, serving::EndpointService& service) {
  Mount(router, catalog, service, "endpoints", kEndpoints);
}

}  // namespace maru::api::own
