#include "maru/serving/check_inputs.h"

namespace maru::serving {
namespace {

bool Fits(const Shape& wanted, const Shape& sent) {
  if (wanted.size() != sent.size()) return false;
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    if (wanted[i] >= 0 && wanted[i] != sent[i]) return false;
  }
  return true;
}

// A column of n rows is sent as [n] or as [n,1].
bool FitsColumn(const Shape& sent) {
  return sent.size() == 1 || (sent.size() == 2 && sent[1] == 1);
}

Status CheckOne(const ModelMetadata& model, const Tensor& tensor) {
  const TensorSpec* const spec = model.Input(tensor.name);
  if (spec == nullptr) {
    std::string names;
    for (const TensorSpec& input : model.inputs) names += (names.empty() ? "" : ", ") + input.name;
    return InvalidArgument("the model has no input \"{}\"; it takes {}", tensor.name, names);
  }
  if (model.columns) {
    if (FitsColumn(tensor.shape)) return OkStatus();
    return InvalidArgument("input \"{}\" is a column: its shape must be [rows] or [rows,1], got {}", tensor.name,
                           ShapeText(tensor.shape));
  }
  if (tensor.type != spec->type) {
    return InvalidArgument("input \"{}\" has datatype {}, but the model takes {}", tensor.name,
                           DataTypeName(tensor.type), DataTypeName(spec->type));
  }
  if (!Fits(spec->shape, tensor.shape)) {
    return InvalidArgument("input \"{}\" has shape {}, but the model takes {} (-1 is any length)", tensor.name,
                           ShapeText(tensor.shape), ShapeText(spec->shape));
  }
  return OkStatus();
}

}  // namespace

Status CheckInputs(const ModelMetadata& model, const InferRequest& request) {
  if (request.inputs.empty()) return InvalidArgument("the request has no inputs");
  for (std::size_t i = 0; i < request.inputs.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      if (request.inputs[i].name == request.inputs[j].name) {
        return InvalidArgument("input \"{}\" was sent twice", request.inputs[i].name);
      }
    }
  }
  if (!model.inputs_known) return OkStatus();
  for (const Tensor& tensor : request.inputs) MARU_RETURN_IF_ERROR(CheckOne(model, tensor));
  for (const TensorSpec& spec : model.inputs) {
    bool sent = !spec.required;
    for (const Tensor& tensor : request.inputs) sent = sent || tensor.name == spec.name;
    if (!sent) {
      return InvalidArgument("input \"{}\" ({} {}) is missing", spec.name, DataTypeName(spec.type),
                             ShapeText(spec.shape));
    }
  }
  if (model.outputs_known) {
    for (const std::string_view name : request.outputs) {
      if (model.Output(name) == nullptr) return InvalidArgument("the model has no output \"{}\"", name);
    }
  }
  return OkStatus();
}

}  // namespace maru::serving
