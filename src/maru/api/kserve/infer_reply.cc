#include "maru/api/kserve/infer_reply.h"

#include <algorithm>
#include <cstring>
#include <numeric>

#include "maru/json/json.h"
#include "maru/serving/tensor_json.h"

namespace maru::api::kserve {
namespace {

using serving::DataType;
using serving::Tensor;

std::size_t BinaryBytes(const Tensor& tensor) {
  if (tensor.type != DataType::kBytes) return tensor.data.size();
  std::size_t bytes = 0;
  for (const std::string_view text : tensor.strings) bytes += 4 + text.size();
  return bytes;
}

void AppendBinary(std::string& out, const Tensor& tensor) {
  if (tensor.type != DataType::kBytes) {
    out.append(reinterpret_cast<const char*>(tensor.data.data()), tensor.data.size());
    return;
  }
  for (const std::string_view text : tensor.strings) {
    const auto length = static_cast<std::uint32_t>(text.size());
    out.append(reinterpret_cast<const char*>(&length), sizeof(length));
    out += text;
  }
}

double ValueAt(const Tensor& tensor, std::size_t i) {
  const auto read = [&]<typename T>(T) {
    T value;
    std::memcpy(&value, tensor.data.data() + i * sizeof(T), sizeof(T));
    return value;
  };
  switch (tensor.type) {
    case DataType::kBool:
    case DataType::kUint8:
      return read(std::uint8_t{});
    case DataType::kUint16:
      return read(std::uint16_t{});
    case DataType::kUint32:
      return read(std::uint32_t{});
    case DataType::kUint64:
      return static_cast<double>(read(std::uint64_t{}));
    case DataType::kInt8:
      return read(std::int8_t{});
    case DataType::kInt16:
      return read(std::int16_t{});
    case DataType::kInt32:
      return read(std::int32_t{});
    case DataType::kInt64:
      return static_cast<double>(read(std::int64_t{}));
    case DataType::kFp16:
      return serving::HalfToFloat(read(std::uint16_t{}));
    case DataType::kBf16:
      return serving::Bfloat16ToFloat(read(std::uint16_t{}));
    case DataType::kFp32:
      return read(float{});
    case DataType::kFp64:
      return read(double{});
    case DataType::kBytes:
      break;
  }
  return 0;
}

// The best `classes` of each innermost row, as Triton writes them: "value:index" or "value:index:label".
struct Classified {
  Tensor tensor;
  std::vector<std::string> texts;
  std::vector<std::string_view> views;
};

Classified Classify(const Tensor& tensor, std::int64_t classes) {
  Classified result;
  const std::size_t width = tensor.shape.empty() ? 1 : static_cast<std::size_t>(tensor.shape.back());
  const std::size_t best = std::min(width, static_cast<std::size_t>(classes));
  const std::size_t element = serving::ElementBytes(tensor.type);
  const std::size_t rows = width == 0 || element == 0 ? 0 : tensor.data.size() / element / width;
  std::vector<std::size_t> order(width);
  for (std::size_t row = 0; row < rows; ++row) {
    std::iota(order.begin(), order.end(), 0);
    std::partial_sort(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(best), order.end(),
                      [&](std::size_t a, std::size_t b) {
                        return ValueAt(tensor, row * width + a) > ValueAt(tensor, row * width + b);
                      });
    for (std::size_t i = 0; i < best; ++i) {
      std::string text = fmt::format("{:f}:{}", ValueAt(tensor, row * width + order[i]), order[i]);
      if (order[i] < tensor.labels.size()) text += fmt::format(":{}", tensor.labels[order[i]]);
      result.texts.push_back(std::move(text));
    }
  }
  result.views.assign(result.texts.begin(), result.texts.end());
  result.tensor.name = tensor.name;
  result.tensor.type = DataType::kBytes;
  result.tensor.shape = tensor.shape;
  if (result.tensor.shape.empty()) result.tensor.shape.push_back(1);
  result.tensor.shape.back() = static_cast<std::int64_t>(best);
  result.tensor.strings = result.views;
  return result;
}

std::size_t Estimate(std::span<const Tensor> outputs) {
  std::size_t bytes = 256;
  for (const Tensor& tensor : outputs) bytes += 128 + tensor.data.size() * 4 + tensor.strings.size() * 16;
  return std::min<std::size_t>(bytes, 16 * 1024 * 1024);
}

}  // namespace

http::Reply EncodeInfer(std::string_view model_name, std::string_view model_version, const InferWishes& wishes,
                        std::span<const Tensor> outputs) {
  std::string out;
  out.reserve(Estimate(outputs));
  out += "{\"model_name\":";
  json::encode::AppendQuoted(out, model_name);
  out += ",\"model_version\":";
  json::encode::AppendQuoted(out, model_version);
  if (!wishes.id.empty()) {
    out += ",\"id\":";
    json::encode::AppendQuoted(out, wishes.id);
  }
  out += ",\"outputs\":[";

  std::vector<Classified> classified;
  classified.reserve(outputs.size());  // its elements are pointed to
  std::vector<const Tensor*> binaries;
  for (bool first = true; const Tensor& output : outputs) {
    bool binary = wishes.binary;
    const Tensor* tensor = &output;
    for (const OutputWish& wish : wishes.outputs) {
      if (wish.name != output.name) continue;
      binary = wish.binary;
      if (wish.classes > 0 && output.type != DataType::kBytes) {
        classified.push_back(Classify(output, wish.classes));
        classified.back().tensor.strings = classified.back().views;
        tensor = &classified.back().tensor;
      }
    }
    if (!first) out += ',';
    first = false;
    out += "{\"name\":";
    json::encode::AppendQuoted(out, tensor->name);
    out += ",\"datatype\":\"";
    out += serving::DataTypeName(tensor->type);
    out += "\",\"shape\":[";
    for (std::size_t i = 0; i < tensor->shape.size(); ++i) {
      if (i > 0) out += ',';
      json::encode::Append(out, tensor->shape[i]);
    }
    if (binary) {
      out += "],\"parameters\":{\"binary_data_size\":";
      json::encode::Append(out, static_cast<std::uint64_t>(BinaryBytes(*tensor)));
      out += "}}";
      binaries.push_back(tensor);
    } else {
      out += "],\"data\":[";
      serving::AppendElements(out, *tensor, 0, serving::HeldElements(*tensor));
      out += "]}";
    }
  }
  out += "]}";
  if (binaries.empty()) return http::Reply::Json(std::move(out));

  http::Reply reply{.content_type = "application/octet-stream"};
  reply.headers.Add("Inference-Header-Content-Length", std::to_string(out.size()));
  std::size_t total = out.size();
  for (const Tensor* tensor : binaries) total += BinaryBytes(*tensor);
  out.reserve(total);
  for (const Tensor* tensor : binaries) AppendBinary(out, *tensor);
  reply.body = std::move(out);
  return reply;
}

}  // namespace maru::api::kserve
