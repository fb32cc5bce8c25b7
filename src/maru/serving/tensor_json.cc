#include "maru/serving/tensor_json.h"

#include <charconv>
#include <cmath>
#include <cstring>
#include <type_traits>

#include "maru/json/json.h"

namespace maru::serving {
namespace {

template <typename T>
void AppendNumber(std::string& out, T value) {
  if constexpr (std::is_same_v<T, bool>) {
    out += value ? "true" : "false";
  } else {
    if constexpr (std::is_floating_point_v<T>) {
      if (!std::isfinite(value)) {
        out += std::isnan(value) ? "null" : value > 0 ? "1e999" : "-1e999";
        return;
      }
    }
    char text[32];
    out.append(text, std::to_chars(text, text + sizeof(text), value).ptr);
  }
}

template <typename T, typename Convert>
void AppendAll(std::string& out, const std::byte* data, std::size_t count, Convert convert) {
  for (std::size_t i = 0; i < count; ++i) {
    if (i > 0) out += ',';
    T value;
    std::memcpy(&value, data + i * sizeof(T), sizeof(T));
    AppendNumber(out, convert(value));
  }
}

template <typename T>
void AppendAll(std::string& out, const std::byte* data, std::size_t count) {
  AppendAll<T>(out, data, count, [](T value) { return value; });
}

}  // namespace

std::size_t HeldElements(const Tensor& tensor) {
  if (tensor.type == DataType::kBytes) return tensor.strings.size();
  return tensor.data.size() / ElementBytes(tensor.type);
}

void AppendElements(std::string& out, const Tensor& tensor, std::size_t begin, std::size_t count) {
  const std::byte* const data = tensor.data.data() + begin * ElementBytes(tensor.type);
  switch (tensor.type) {
    case DataType::kBool:
      return AppendAll<std::uint8_t>(out, data, count, [](std::uint8_t v) { return v != 0; });
    case DataType::kUint8:
      return AppendAll<std::uint8_t>(out, data, count);
    case DataType::kUint16:
      return AppendAll<std::uint16_t>(out, data, count);
    case DataType::kUint32:
      return AppendAll<std::uint32_t>(out, data, count);
    case DataType::kUint64:
      return AppendAll<std::uint64_t>(out, data, count);
    case DataType::kInt8:
      return AppendAll<std::int8_t>(out, data, count);
    case DataType::kInt16:
      return AppendAll<std::int16_t>(out, data, count);
    case DataType::kInt32:
      return AppendAll<std::int32_t>(out, data, count);
    case DataType::kInt64:
      return AppendAll<std::int64_t>(out, data, count);
    case DataType::kFp16:
      return AppendAll<std::uint16_t>(out, data, count, HalfToFloat);
    case DataType::kBf16:
      return AppendAll<std::uint16_t>(out, data, count, Bfloat16ToFloat);
    case DataType::kFp32:
      return AppendAll<float>(out, data, count);
    case DataType::kFp64:
      return AppendAll<double>(out, data, count);
    case DataType::kBytes:
      break;
  }
  for (std::size_t i = begin; i < begin + count; ++i) {
    if (i > begin) out += ',';
    json::encode::AppendQuoted(out, tensor.strings[i]);
  }
}

}  // namespace maru::serving
