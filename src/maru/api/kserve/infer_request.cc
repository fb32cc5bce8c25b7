#include "maru/api/kserve/infer_request.h"

#include <cstring>
#include <new>

#include "maru/json/element.h"

namespace maru::api::kserve {
namespace {

using json::Element;
using json::Kind;
using serving::DataType;
using serving::Tensor;

std::string_view Truncated(std::string_view name) {
  return name.substr(0, 100);
}

// One member of "inputs" as it was sent.
struct SentTensor {
  std::string_view name;
  std::string_view datatype;
  std::optional<Element> shape;
  std::optional<Element> data;
  std::optional<std::int64_t> binary_bytes;
};

class Decoder {
 public:
  Decoder(std::string_view binary, std::size_t body_bytes, const serving::ModelMetadata& model, serving::Arena& arena,
          serving::InferRequest& request, InferWishes& wishes)
      : binary_(binary), body_bytes_(body_bytes), model_(model), arena_(arena), request_(request), wishes_(wishes) {}

  Status Decode(const Element& root) {
    if (root.kind() != Kind::kObject) return InvalidArgument("an inference request is a JSON object");
    std::optional<Element> inputs, outputs;
    Status status;
    root.ForEachField([&](std::string_view name, Element value) {
      if (name == "inputs") inputs = value;
      if (name == "outputs" && value.kind() != Kind::kNull) outputs = value;
      if (name == "id" && value.kind() == Kind::kString) wishes_.id = arena_.Copy(value.AsString());
      if (name == "parameters" && value.kind() != Kind::kNull) {
        status = ForEachParameter(value, [&](std::string_view parameter, const Element& item) {
          if (parameter == "binary_data_output" && item.kind() == Kind::kBool) wishes_.binary = item.AsBool();
        });
      }
      return status.ok();
    });
    MARU_RETURN_IF_ERROR(status);
    if (!inputs || inputs->kind() != Kind::kArray)
      return InvalidArgument("\"inputs\" is missing: expected an array of tensors");
    inputs->ForEachItem([&](std::size_t, Element item) {
      status = Input(item);
      return status.ok();
    });
    MARU_RETURN_IF_ERROR(status);
    if (!binary_.empty()) {
      return InvalidArgument("{} bytes of binary data belong to no input; check the inputs' binary_data_size",
                             binary_.size());
    }
    if (outputs) MARU_RETURN_IF_ERROR(Outputs(*outputs));
    return OkStatus();
  }

 private:
  template <typename Visit>
  static Status ForEachParameter(const Element& parameters, Visit visit) {
    if (parameters.kind() != Kind::kObject) return InvalidArgument("\"parameters\" must be an object");
    parameters.ForEachField([&](std::string_view name, Element value) {
      visit(name, value);
      return true;
    });
    return OkStatus();
  }

  Status Input(const Element& item) {
    if (item.kind() != Kind::kObject) return InvalidArgument("\"inputs\" must hold objects");
    SentTensor sent;
    Status status;
    item.ForEachField([&](std::string_view name, Element value) {
      if (name == "name" && value.kind() == Kind::kString) sent.name = value.AsString();
      if (name == "datatype" && value.kind() == Kind::kString) sent.datatype = value.AsString();
      if (name == "shape") sent.shape = value;
      if (name == "data" && value.kind() != Kind::kNull) sent.data = value;
      if (name == "parameters" && value.kind() != Kind::kNull) {
        status = ForEachParameter(value, [&](std::string_view parameter, const Element& number) {
          if (parameter != "binary_data_size") return;
          if (number.kind() == Kind::kInt)
            sent.binary_bytes = number.AsInt();
          else
            status = InvalidArgument("binary_data_size must be a whole number of bytes");
        });
      }
      return status.ok();
    });
    MARU_RETURN_IF_ERROR(status);
    if (sent.name.empty()) return InvalidArgument("an input has no \"name\"");
    const Status filled = Fill(sent);
    if (filled.ok()) return filled;
    return InvalidArgument("input \"{}\": {}", Truncated(sent.name), std::string(filled.message()));
  }

  Status Fill(const SentTensor& sent) {
    const auto type = serving::DataTypeFromName(sent.datatype);
    if (!type) return InvalidArgument("there is no datatype \"{}\"", Truncated(sent.datatype));
    Tensor& tensor = request_.inputs.emplace_back();
    const serving::TensorSpec* const spec = model_.Input(sent.name);
    tensor.name = spec != nullptr ? std::string_view(spec->name) : arena_.Copy(sent.name);
    tensor.type = *type;
    MARU_RETURN_IF_ERROR(ReadShape(sent, tensor.shape));
    MARU_ASSIGN_OR_RETURN(const std::int64_t count, serving::ElementCount(tensor.shape));
    if (sent.binary_bytes) {
      if (sent.data) return InvalidArgument("has both \"data\" and binary_data_size; send one of them");
      return ReadBinary(*sent.binary_bytes, static_cast<std::size_t>(count), tensor);
    }
    if (!sent.data) return InvalidArgument("has no \"data\"");
    // Each element takes a character at least, so a shape that claims more than the body holds is a lie: do not
    // allocate for it.
    if (static_cast<std::size_t>(count) > body_bytes_) {
      return InvalidArgument("shape {} asks for {} elements, more than the request has bytes",
                             serving::ShapeText(tensor.shape), count);
    }
    return ReadJson(*sent.data, static_cast<std::size_t>(count), tensor);
  }

  static Status ReadShape(const SentTensor& sent, serving::Shape& shape) {
    if (!sent.shape || sent.shape->kind() != Kind::kArray)
      return InvalidArgument("has no \"shape\": expected an array");
    Status status;
    sent.shape->ForEachItem([&](std::size_t, Element dimension) {
      if (dimension.kind() != Kind::kInt) {
        status = InvalidArgument("its shape has {}; expected whole numbers of 63 bits", dimension.Dump().substr(0, 60));
      } else if (shape.size() == 32) {
        status = InvalidArgument("its shape has more than 32 dimensions");
      } else {
        shape.push_back(dimension.AsInt());
      }
      return status.ok();
    });
    return status;
  }

  Status ReadBinary(std::int64_t bytes, std::size_t count, Tensor& tensor) {
    if (bytes < 0 || static_cast<std::size_t>(bytes) > binary_.size()) {
      return InvalidArgument("binary_data_size is {}, but {} bytes are left in the body", bytes, binary_.size());
    }
    const std::string_view data = binary_.substr(0, static_cast<std::size_t>(bytes));
    binary_.remove_prefix(data.size());
    if (tensor.type == DataType::kBytes) return ReadBinaryStrings(data, count, tensor);
    const std::size_t element = serving::ElementBytes(tensor.type);
    if (data.size() % element != 0 || data.size() / element != count) {
      return InvalidArgument("shape {} of {} takes {} elements of {} bytes, but binary_data_size is {}",
                             serving::ShapeText(tensor.shape), serving::DataTypeName(tensor.type), count, element,
                             bytes);
    }
    if (tensor.type == DataType::kBool) {
      for (const char c : data) {
        if (static_cast<unsigned char>(c) > 1) return InvalidArgument("a BOOL is a byte 0 or 1");
      }
    }
    if (reinterpret_cast<std::uintptr_t>(data.data()) % element == 0) {
      tensor.data = std::as_bytes(std::span(data.data(), data.size()));
    } else {
      tensor.data = std::as_bytes(std::span(arena_.Copy(data)));  // runtimes may assume aligned elements
    }
    return OkStatus();
  }

  // Each element: its length in 4 bytes, little-endian, then its bytes.
  Status ReadBinaryStrings(std::string_view data, std::size_t count, Tensor& tensor) {
    if (count > data.size() / 4) {
      return InvalidArgument("shape {} takes {} elements, but {} bytes hold {} at most",
                             serving::ShapeText(tensor.shape), count, data.size(), data.size() / 4);
    }
    const auto strings = arena_.AllocateArray<std::string_view>(count);
    for (std::size_t i = 0; i < count; ++i) {
      std::uint32_t length = 0;
      if (data.size() < 4) return InvalidArgument("element {} has no length: the data ends before it", i);
      std::memcpy(&length, data.data(), 4);
      data.remove_prefix(4);
      if (length > data.size()) {
        return InvalidArgument("element {} claims {} bytes, but {} are left", i, length, data.size());
      }
      new (&strings[i]) std::string_view(data.substr(0, length));
      data.remove_prefix(length);
    }
    if (!data.empty()) return InvalidArgument("{} bytes follow its last element", data.size());
    tensor.strings = strings;
    return OkStatus();
  }

  template <typename T>
  Status ReadNumbers(const Element& data, std::size_t count, Tensor& tensor) {
    const std::span<T> numbers = arena_.AllocateArray<T>(count);
    tensor.data = std::as_bytes(numbers);
    return data.ReadNumbers(numbers);
  }

  template <std::uint16_t (*Round)(float)>
  Status ReadHalves(const Element& data, std::size_t count, Tensor& tensor) {
    const std::span<float> wide = arena_.AllocateArray<float>(count);
    MARU_RETURN_IF_ERROR(data.ReadNumbers(wide));
    const std::span<std::uint16_t> halves = arena_.AllocateArray<std::uint16_t>(count);
    for (std::size_t i = 0; i < count; ++i) halves[i] = Round(wide[i]);
    tensor.data = std::as_bytes(halves);
    return OkStatus();
  }

  Status ReadJson(const Element& data, std::size_t count, Tensor& tensor) {
    switch (tensor.type) {
      case DataType::kBool:
        return ReadNumbers<bool>(data, count, tensor);
      case DataType::kUint8:
        return ReadNumbers<std::uint8_t>(data, count, tensor);
      case DataType::kUint16:
        return ReadNumbers<std::uint16_t>(data, count, tensor);
      case DataType::kUint32:
        return ReadNumbers<std::uint32_t>(data, count, tensor);
      case DataType::kUint64:
        return ReadNumbers<std::uint64_t>(data, count, tensor);
      case DataType::kInt8:
        return ReadNumbers<std::int8_t>(data, count, tensor);
      case DataType::kInt16:
        return ReadNumbers<std::int16_t>(data, count, tensor);
      case DataType::kInt32:
        return ReadNumbers<std::int32_t>(data, count, tensor);
      case DataType::kInt64:
        return ReadNumbers<std::int64_t>(data, count, tensor);
      case DataType::kFp32:
        return ReadNumbers<float>(data, count, tensor);
      case DataType::kFp64:
        return ReadNumbers<double>(data, count, tensor);
      case DataType::kFp16:
        return ReadHalves<serving::FloatToHalf>(data, count, tensor);
      case DataType::kBf16:
        return ReadHalves<serving::FloatToBfloat16>(data, count, tensor);
      case DataType::kBytes:
        break;
    }
    const auto strings = arena_.AllocateArray<std::string_view>(count);
    std::size_t next = 0;
    MARU_RETURN_IF_ERROR(ReadStrings(data, strings, next));
    if (next != count) return InvalidArgument("there are {} elements, but the shape asks for {}", next, count);
    tensor.strings = strings;
    return OkStatus();
  }

  Status ReadStrings(const Element& array, std::span<std::string_view> strings, std::size_t& next) {
    if (array.kind() != Kind::kArray) return InvalidArgument("expected an array of texts");
    Status status;
    array.ForEachItem([&](std::size_t, Element item) {
      if (item.kind() == Kind::kArray) {
        status = ReadStrings(item, strings, next);
      } else if (item.kind() != Kind::kString) {
        status = InvalidArgument("element {} is {}; expected a text", next, json::KindName(item.kind()));
      } else if (next == strings.size()) {
        status = InvalidArgument("there are more elements than the {} that the shape asks for", strings.size());
      } else {
        new (&strings[next++]) std::string_view(arena_.Copy(item.AsString()));  // the parser's memory does not stay
      }
      return status.ok();
    });
    return status;
  }

  Status Outputs(const Element& outputs) {
    if (outputs.kind() != Kind::kArray) return InvalidArgument("\"outputs\" must be an array");
    Status status;
    outputs.ForEachItem([&](std::size_t, Element item) {
      status = Output(item);
      return status.ok();
    });
    return status;
  }

  Status Output(const Element& item) {
    if (item.kind() != Kind::kObject) return InvalidArgument("\"outputs\" must hold objects");
    OutputWish wish{.binary = wishes_.binary};
    Status status;
    item.ForEachField([&](std::string_view name, Element value) {
      if (name == "name" && value.kind() == Kind::kString) wish.name = value.AsString();
      if (name == "parameters" && value.kind() != Kind::kNull) {
        status = ForEachParameter(value, [&](std::string_view parameter, const Element& setting) {
          if (parameter == "binary_data" && setting.kind() == Kind::kBool) wish.binary = setting.AsBool();
          if (parameter == "classification" && setting.kind() == Kind::kInt) wish.classes = setting.AsInt();
        });
      }
      return status.ok();
    });
    MARU_RETURN_IF_ERROR(status);
    if (wish.name.empty()) return InvalidArgument("an output has no \"name\"");
    for (const OutputWish& other : wishes_.outputs) {
      if (other.name == wish.name) return InvalidArgument("output \"{}\" is wanted twice", Truncated(wish.name));
    }
    if (wish.classes < 0)
      return InvalidArgument("output \"{}\": classification must not be negative", Truncated(wish.name));
    const serving::TensorSpec* const spec = model_.Output(wish.name);
    if (spec == nullptr && model_.outputs_known) {
      return InvalidArgument("the model has no output \"{}\"", Truncated(wish.name));
    }
    wish.name = spec != nullptr ? std::string_view(spec->name) : arena_.Copy(wish.name);
    wishes_.outputs.push_back(wish);
    request_.outputs.push_back(wish.name);
    return OkStatus();
  }

  std::string_view binary_;  // what no input has taken yet
  const std::size_t body_bytes_;
  const serving::ModelMetadata& model_;
  serving::Arena& arena_;
  serving::InferRequest& request_;
  InferWishes& wishes_;
};

}  // namespace

Status DecodeInfer(std::string_view body, std::optional<std::size_t> json_bytes, const serving::ModelMetadata& model,
                   serving::Arena& arena, serving::InferRequest& request, InferWishes& wishes) {
  const std::size_t header = json_bytes.value_or(body.size());
  if (header > body.size()) {
    return InvalidArgument("Inference-Header-Content-Length is {}, but the body has {} bytes", header, body.size());
  }
  MARU_ASSIGN_OR_RETURN(const Element root, json::Parse(body.substr(0, header)));
  return Decoder(body.substr(header), body.size(), model, arena, request, wishes).Decode(root);
}

}  // namespace maru::api::kserve
