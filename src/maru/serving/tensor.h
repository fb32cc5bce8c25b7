// Tensors as they travel between the wires and the runtimes: views, never owners.
//
// A tensor's elements lie row-major and little-endian in memory that somebody else keeps: the request's body, the
// call's arena, or the runtime's own output buffers. Threads: plain data.
#pragma once

#include <absl/container/inlined_vector.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "maru/base/status.h"

namespace maru::serving {

// The element types of the KServe v2 protocol.
// https://kserve.github.io/website/latest/modelserving/data_plane/v2_protocol/#tensor-data-types
enum class DataType : std::uint8_t {
  kBool,
  kUint8,
  kUint16,
  kUint32,
  kUint64,
  kInt8,
  kInt16,
  kInt32,
  kInt64,
  kFp16,
  kFp32,
  kFp64,
  kBytes,
  kBf16,
};

std::string_view DataTypeName(DataType type);  // "FP32"
std::optional<DataType> DataTypeFromName(std::string_view name);
std::size_t ElementBytes(DataType type);  // 0 for kBytes, whose elements vary

// Dimensions, outermost first. In a specification -1 stands for any length; in a tensor all are >= 0.
using Shape = absl::InlinedVector<std::int64_t, 6>;
std::string ShapeText(std::span<const std::int64_t> shape);  // "[-1,16]"

// How many elements a tensor of `shape` has. kInvalidArgument for negative dimensions and for products that do not
// fit into 62 bits, so that a later multiplication by an element's size cannot wrap.
Result<std::int64_t> ElementCount(std::span<const std::int64_t> shape);

struct Tensor {
  std::string_view name;
  DataType type = DataType::kFp32;
  Shape shape;
  std::span<const std::byte> data;            // of every type but kBytes; aligned to its elements
  std::span<const std::string_view> strings;  // of kBytes
  std::span<const std::string_view> labels;   // of the innermost dimension's positions, where the model names them
};

float HalfToFloat(std::uint16_t half);   // IEEE 754 binary16
std::uint16_t FloatToHalf(float value);  // rounds to nearest even; overflow becomes infinity
float Bfloat16ToFloat(std::uint16_t value);
std::uint16_t FloatToBfloat16(float value);  // rounds to nearest even

}  // namespace maru::serving
