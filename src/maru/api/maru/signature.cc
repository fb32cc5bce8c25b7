// What a model version takes and gives, from the MLmodel file that was logged with it.
#include <yaml-cpp/yaml.h>

#include "maru/api/maru/mount.h"
#include "maru/api/maru/operation.h"
#include "maru/artifacts/artifact_service.h"
#include "maru/serving/signature.h"

namespace maru::api::own {
namespace {

using artifacts::ArtifactService;

constexpr std::size_t kMlmodelBytesMax = 4 * 1024 * 1024;

struct Field {
  std::string name;                 // empty: a tensor without one
  std::string type;                 // KServe's: FP32, INT64, BYTES …
  std::vector<std::int64_t> shape;  // -1: any length; empty for a column
  bool required = true;
};
BOOST_DESCRIBE_STRUCT(Field, (), (name, type, shape, required))

struct Signature {
  std::vector<Field> inputs;
  std::vector<Field> outputs;
};
BOOST_DESCRIBE_STRUCT(Signature, (), (inputs, outputs))

struct VersionId {
  std::string model;
  std::string version;
};
BOOST_DESCRIBE_STRUCT(VersionId, (), (model, version))

std::vector<Field> Shape(const serving::SignatureSide& side) {
  std::vector<Field> fields;
  for (const serving::TensorSpec& spec : side.fields) {
    fields.push_back({spec.name, std::string(serving::DataTypeName(spec.type)), {}, spec.required});
    if (side.tensors) fields.back().shape.assign(spec.shape.begin(), spec.shape.end());
  }
  return fields;
}

Result<std::string> ReadMlmodel(ArtifactService& service, const artifacts::Tree& tree) {
  MARU_ASSIGN_OR_RETURN(const auto reader, service.Open(tree, "MLmodel"));
  if (reader->size_bytes() > kMlmodelBytesMax) return InvalidArgument("the MLmodel file is too large to be one");
  std::string text(reader->size_bytes(), '\0');
  for (std::size_t at = 0; at < text.size();) {
    MARU_ASSIGN_OR_RETURN(const std::size_t got, reader->Read(std::span(text).subspan(at)));
    if (got == 0) return DataLoss("the MLmodel file ended early");
    at += got;
  }
  return text;
}

Result<Signature> GetSignature(ArtifactService& service, const Caller& caller, VersionId request) {
  MARU_ASSIGN_OR_RETURN(const artifacts::Tree tree, service.OfModelVersion(caller, request.model, request.version));
  const Result<std::string> text = ReadMlmodel(service, tree);
  if (text.status().code() == absl::StatusCode::kNotFound) return Signature{};  // registered without one
  MARU_RETURN_IF_ERROR(text.status());
  std::string inputs, outputs;
  try {
    const YAML::Node signature = YAML::Load(*text)["signature"];
    if (signature && signature.IsMap()) {
      if (signature["inputs"] && signature["inputs"].IsScalar()) inputs = signature["inputs"].as<std::string>();
      if (signature["outputs"] && signature["outputs"].IsScalar()) outputs = signature["outputs"].as<std::string>();
    }
  } catch (const YAML::Exception& e) {
    return InvalidArgument("the MLmodel file cannot be read: {}", e.what());
  }
  MARU_ASSIGN_OR_RETURN(const serving::Signature signature, serving::ParseSignature(inputs, outputs));
  return Signature{Shape(signature.inputs), Shape(signature.outputs)};
}

constexpr Row<ArtifactService> kRows[] = {
    {Verb::kGet, "/models/{model}/versions/{version}/signature", Permission::kView,
     "The tensors or columns that a version takes and gives", Does<GetSignature>},
};

}  // namespace

void MountSignatures(http::Router& router, Catalog& catalog, ArtifactService& service) {
  Mount(router, catalog, service, "models", kRows);
}

}  // namespace maru::api::own
