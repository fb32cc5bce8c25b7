#include "maru/serving/signature.h"

#include <optional>

#include "maru/json/json.h"

namespace maru::serving {

struct TensorPart {
  std::string dtype;
  std::vector<std::int64_t> shape;
};
BOOST_DESCRIBE_STRUCT(TensorPart, (), (dtype, shape))

namespace {

struct TypeName {
  std::string_view name;
  DataType type;
};
constexpr TypeName kColumnTypes[] = {
    {"boolean", DataType::kBool}, {"integer", DataType::kInt32},  {"long", DataType::kInt64},
    {"float", DataType::kFp32},   {"double", DataType::kFp64},    {"string", DataType::kBytes},
    {"binary", DataType::kBytes}, {"datetime", DataType::kBytes},
};
constexpr TypeName kNumpyTypes[] = {
    {"bool", DataType::kBool},     {"uint8", DataType::kUint8},   {"uint16", DataType::kUint16},
    {"uint32", DataType::kUint32}, {"uint64", DataType::kUint64}, {"int8", DataType::kInt8},
    {"int16", DataType::kInt16},   {"int32", DataType::kInt32},   {"int64", DataType::kInt64},
    {"float16", DataType::kFp16},  {"float32", DataType::kFp32},  {"float64", DataType::kFp64},
    {"object", DataType::kBytes},  {"str", DataType::kBytes},
};

std::optional<DataType> Lookup(std::span<const TypeName> types, std::string_view name) {
  for (const TypeName& type : types) {
    if (type.name == name) return type.type;
  }
  return std::nullopt;
}

// The key has a dash ("tensor-spec"), which no member can be named after, so this one reads its fields itself.
Result<SignatureSide> ParseSide(std::string_view text) {
  SignatureSide side;
  if (text.empty() || text == "null") return side;
  MARU_ASSIGN_OR_RETURN(const json::Element root, json::Parse(text));
  if (root.kind() != json::Kind::kArray) return side;
  side.known = true;
  Status status;
  root.ForEachItem([&](std::size_t, json::Element item) {
    if (item.kind() != json::Kind::kObject) {
      side.known = false;
      return false;
    }
    TensorSpec spec;
    std::optional<DataType> type;
    item.ForEachField([&](std::string_view name, json::Element value) {
      if (name == "name" && value.kind() == json::Kind::kString) spec.name = value.AsString();
      if (name == "required" && value.kind() == json::Kind::kBool) spec.required = value.AsBool();
      if (name == "type" && value.kind() == json::Kind::kString && value.AsString() != "tensor") {
        type = Lookup(kColumnTypes, value.AsString());
        spec.shape = {-1};
      }
      if (name == "tensor-spec") {
        TensorPart part;
        status = json::decode::Read(value, json::decode::Path{}, part);
        type = Lookup(kNumpyTypes, part.dtype);
        if (!type && part.dtype.starts_with("str")) type = DataType::kBytes;
        spec.shape.assign(part.shape.begin(), part.shape.end());
        side.tensors = true;
      }
      return status.ok();
    });
    if (type)
      spec.type = *type;
    else
      side.known = false;
    side.fields.push_back(std::move(spec));
    return status.ok();
  });
  MARU_RETURN_IF_ERROR(status);
  return side;
}

}  // namespace

Result<Signature> ParseSignature(std::string_view inputs, std::string_view outputs) {
  Signature signature;
  MARU_ASSIGN_OR_RETURN(signature.inputs, ParseSide(inputs));
  MARU_ASSIGN_OR_RETURN(signature.outputs, ParseSide(outputs));
  return signature;
}

}  // namespace maru::serving
