#include "maru/api/kserve/models.h"

#include "maru/json/json.h"

namespace maru::api::kserve {

// Wire shapes, named after the documents of the protocol.
struct ServerMetadataBody {
  std::string name, version;
  std::vector<std::string> extensions;
};
BOOST_DESCRIBE_STRUCT(ServerMetadataBody, (), (name, version, extensions))

struct TensorMetadataBody {
  std::string name, datatype;
  std::vector<std::int64_t> shape;
};
BOOST_DESCRIBE_STRUCT(TensorMetadataBody, (), (name, datatype, shape))

struct ModelMetadataBody {
  std::string name;
  std::vector<std::string> versions;
  std::string platform;
  std::vector<TensorMetadataBody> inputs, outputs;
};
BOOST_DESCRIBE_STRUCT(ModelMetadataBody, (), (name, versions, platform, inputs, outputs))

struct TensorConfigBody {
  std::string name, data_type;
  std::vector<std::int64_t> dims;
};
BOOST_DESCRIBE_STRUCT(TensorConfigBody, (), (name, data_type, dims))

struct ModelConfigBody {
  std::string name, platform, backend;
  std::int64_t max_batch_size = 0;  // 0: the shapes say everything, the batch's dimension included
  std::vector<TensorConfigBody> input, output;
};
BOOST_DESCRIBE_STRUCT(ModelConfigBody, (), (name, platform, backend, max_batch_size, input, output))

struct CountAndTime {
  std::int64_t count = 0, ns = 0;
};
BOOST_DESCRIBE_STRUCT(CountAndTime, (), (count, ns))

struct InferenceStats {
  CountAndTime success, fail;
};
BOOST_DESCRIBE_STRUCT(InferenceStats, (), (success, fail))

struct ModelStats {
  std::string name, version;
  std::int64_t last_inference = 0, inference_count = 0, execution_count = 0;
  InferenceStats inference_stats;
};
BOOST_DESCRIBE_STRUCT(ModelStats, (),
                      (name, version, last_inference, inference_count, execution_count, inference_stats))

struct ModelStatsBody {
  std::vector<ModelStats> model_stats;
};
BOOST_DESCRIBE_STRUCT(ModelStatsBody, (), (model_stats))

struct IndexEntry {
  std::string name, version, state, reason;
};
BOOST_DESCRIBE_STRUCT(IndexEntry, (), (name, version, state, reason))

struct IndexRequest {
  bool ready = false;  // only those that can be asked now
};
BOOST_DESCRIBE_STRUCT(IndexRequest, (), (ready))

namespace {

// The revision that `request` names; an endpoint serves one version at a time.
Result<serving::RevisionHandle> Named(serving::EndpointService& service, const http::Request& request) {
  const std::string_view name = request.Capture("name"), version = request.Capture("version");
  MARU_ASSIGN_OR_RETURN(serving::RevisionHandle revision, service.ReadyRevision(request.caller.workspace, name));
  if (!version.empty() && version != revision->options().model_version) {
    return NotFound("endpoint \"{}\" serves version {} of its model, not {}", name, revision->options().model_version,
                    version.substr(0, 60));
  }
  return revision;
}

std::vector<std::int64_t> Dimensions(const serving::Shape& shape) {
  return {shape.begin(), shape.end()};
}

std::vector<TensorMetadataBody> Tensors(const std::vector<serving::TensorSpec>& specs) {
  std::vector<TensorMetadataBody> all;
  for (const serving::TensorSpec& spec : specs) {
    all.push_back({spec.name, std::string(serving::DataTypeName(spec.type)), Dimensions(spec.shape)});
  }
  return all;
}

std::vector<TensorConfigBody> Configs(const std::vector<serving::TensorSpec>& specs) {
  std::vector<TensorConfigBody> all;
  for (const serving::TensorSpec& spec : specs) {
    const bool text = spec.type == serving::DataType::kBytes;
    all.push_back({spec.name, text ? "TYPE_STRING" : "TYPE_" + std::string(serving::DataTypeName(spec.type)),
                   Dimensions(spec.shape)});
  }
  return all;
}

ModelStats StatsOf(const serving::ServedModel& model) {
  const serving::LiveStats& stats = *model.endpoint->stats();
  const serving::RevisionHandle revision = model.endpoint->Current();
  const std::int64_t requests = stats.requests.load(), errors = stats.errors.load();
  return {.name = model.name,
          .version = revision == nullptr ? "" : revision->options().model_version,
          .last_inference = stats.last_request_ms.load(),
          .inference_count = requests - errors,
          .execution_count = requests - errors,
          .inference_stats = {.success = {requests - errors, stats.latency.sum_ns()}, .fail = {errors, 0}}};
}

}  // namespace

Result<http::Reply> Live(serving::EndpointService&, const http::Request&) {
  return http::Reply::Json("");
}

Result<http::Reply> Ready(serving::EndpointService&, const http::Request&) {
  // The server takes requests when it answers at all; whether one model is ready is that model's own question.
  return http::Reply::Json("");
}

Result<http::Reply> ServerMetadata(serving::EndpointService&, const http::Request&) {
  return http::Reply::Json(json::Encode(ServerMetadataBody{
      "maru", "2", {"classification", "model_repository", "model_configuration", "statistics", "binary_tensor_data"}}));
}

Result<http::Reply> ModelReady(serving::EndpointService& service, const http::Request& request) {
  MARU_RETURN_IF_ERROR(Named(service, request).status());
  return http::Reply::Json("");
}

Result<http::Reply> ModelMetadata(serving::EndpointService& service, const http::Request& request) {
  MARU_ASSIGN_OR_RETURN(const serving::RevisionHandle revision, Named(service, request));
  const serving::ModelMetadata& model = revision->metadata();
  return http::Reply::Json(json::Encode(ModelMetadataBody{.name = std::string(request.Capture("name")),
                                                          .versions = {revision->options().model_version},
                                                          .platform = model.platform,
                                                          .inputs = Tensors(model.inputs),
                                                          .outputs = Tensors(model.outputs)}));
}

Result<http::Reply> ModelConfig(serving::EndpointService& service, const http::Request& request) {
  MARU_ASSIGN_OR_RETURN(const serving::RevisionHandle revision, Named(service, request));
  const serving::ModelMetadata& model = revision->metadata();
  return http::Reply::Json(
      json::Encode(ModelConfigBody{.name = std::string(request.Capture("name")),
                                   .platform = model.platform,
                                   .backend = model.platform == "onnxruntime_onnx" ? "onnxruntime" : "python",
                                   .input = Configs(model.inputs),
                                   .output = Configs(model.outputs)}));
}

Result<http::Reply> ModelStatistics(serving::EndpointService& service, const http::Request& request) {
  ModelStatsBody body;
  const std::string_view name = request.Capture("name");
  if (name.empty()) {
    for (const auto& model : service.Served(request.caller.workspace)) body.model_stats.push_back(StatsOf(model));
  } else {
    auto endpoint = service.Find(request.caller.workspace, name);
    if (endpoint == nullptr) return NotFound("there is no endpoint \"{}\"", name);
    body.model_stats.push_back(StatsOf({std::string(name), std::move(endpoint)}));
  }
  return http::Reply::Json(json::Encode(body));
}

Result<http::Reply> RepositoryIndex(serving::EndpointService& service, const http::Request& request) {
  MARU_ASSIGN_OR_RETURN(const IndexRequest wanted,
                        json::Decode<IndexRequest>(request.body.empty() ? "{}" : std::string_view(request.body)));
  std::vector<IndexEntry> entries;
  for (const serving::ServedModel& model : service.Served(request.caller.workspace)) {
    const serving::RevisionHandle revision = model.endpoint->Current();
    if (revision == nullptr && wanted.ready) continue;
    const std::string problem = model.endpoint->Problem();
    if (revision != nullptr) {
      entries.push_back({model.name, revision->options().model_version, "READY", problem});
    } else {
      entries.push_back({model.name, "", problem.empty() ? "LOADING" : "UNAVAILABLE", problem});
    }
  }
  return http::Reply::Json(json::Encode(entries));
}

}  // namespace maru::api::kserve
