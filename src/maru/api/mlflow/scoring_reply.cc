// What /invocations answers for models that give tensors.
#include "maru/api/mlflow/scoring_request.h"
#include "maru/json/json.h"
#include "maru/serving/tensor_json.h"

namespace maru::api::mlflow {
namespace {

using serving::Tensor;

// Elements [begin, begin + count) as an object of the tensor's labels.
void AppendLabelled(std::string& out, const Tensor& tensor, std::size_t begin, std::size_t count) {
  out += '{';
  for (std::size_t i = 0; i < count; ++i) {
    if (i > 0) out += ',';
    json::encode::AppendQuoted(out, tensor.labels[i]);
    out += ':';
    serving::AppendElements(out, tensor, begin + i, 1);
  }
  out += '}';
}

// The part of the tensor at `begin` with the dimensions `shape`, as nested arrays.
void AppendNested(std::string& out, const Tensor& tensor, std::span<const std::int64_t> shape, std::size_t begin) {
  if (shape.empty()) return serving::AppendElements(out, tensor, begin, 1);
  const auto length = static_cast<std::size_t>(shape[0]);
  if (shape.size() == 1) {
    if (!tensor.labels.empty() && tensor.labels.size() == length) return AppendLabelled(out, tensor, begin, length);
    out += '[';
    serving::AppendElements(out, tensor, begin, length);
    out += ']';
    return;
  }
  std::size_t stride = 1;
  for (const std::int64_t dimension : shape.subspan(1)) stride *= static_cast<std::size_t>(dimension);
  out += '[';
  for (std::size_t i = 0; i < length; ++i) {
    if (i > 0) out += ',';
    AppendNested(out, tensor, shape.subspan(1), begin + i * stride);
  }
  out += ']';
}

// One row of an output: the value itself where a row has one.
void AppendRow(std::string& out, const Tensor& tensor, std::size_t row) {
  const std::span<const std::int64_t> shape = std::span<const std::int64_t>(tensor.shape).subspan(1);
  std::size_t stride = 1;
  for (const std::int64_t dimension : shape) stride *= static_cast<std::size_t>(dimension);
  if (stride == 1 && tensor.labels.empty()) return serving::AppendElements(out, tensor, row, 1);
  AppendNested(out, tensor, shape, row * stride);
}

}  // namespace

std::string EncodeScoring(const serving::InferResponse& response, std::optional<std::size_t> frame_rows) {
  const std::size_t rows = frame_rows.value_or(0);
  bool as_rows = frame_rows.has_value();  // unless an output has no row for each of the frame's
  for (const Tensor& tensor : response.outputs) {
    as_rows = as_rows && !tensor.shape.empty() && static_cast<std::size_t>(tensor.shape[0]) == rows;
  }
  std::string out = "{\"predictions\":";
  if (!as_rows) {
    out += '{';
    for (bool first = true; const Tensor& tensor : response.outputs) {
      if (!std::exchange(first, false)) out += ',';
      json::encode::AppendQuoted(out, tensor.name);
      out += ':';
      AppendNested(out, tensor, tensor.shape, 0);
    }
    return out + "}}";
  }
  out += '[';
  for (std::size_t row = 0; row < rows; ++row) {
    if (row > 0) out += ',';
    out += '{';
    for (bool first = true; const Tensor& tensor : response.outputs) {
      if (!std::exchange(first, false)) out += ',';
      json::encode::AppendQuoted(out, tensor.name);
      out += ':';
      AppendRow(out, tensor, row);
    }
    out += '}';
  }
  return out + "]}";
}

}  // namespace maru::api::mlflow
