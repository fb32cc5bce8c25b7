#include "maru/serving/onnx_runtime.h"

#include <absl/container/inlined_vector.h>

#include <array>
#include <cstring>
#include <optional>
#include <utility>

#include "maru/serving/onnx_library.h"

namespace maru::serving {
namespace {

struct TypeRow {
  ONNXTensorElementDataType onnx;
  DataType type;
};
constexpr TypeRow kTypes[] = {
    {ONNX_TENSOR_ELEMENT_DATA_TYPE_BOOL, DataType::kBool},
    {ONNX_TENSOR_ELEMENT_DATA_TYPE_UINT8, DataType::kUint8},
    {ONNX_TENSOR_ELEMENT_DATA_TYPE_UINT16, DataType::kUint16},
    {ONNX_TENSOR_ELEMENT_DATA_TYPE_UINT32, DataType::kUint32},
    {ONNX_TENSOR_ELEMENT_DATA_TYPE_UINT64, DataType::kUint64},
    {ONNX_TENSOR_ELEMENT_DATA_TYPE_INT8, DataType::kInt8},
    {ONNX_TENSOR_ELEMENT_DATA_TYPE_INT16, DataType::kInt16},
    {ONNX_TENSOR_ELEMENT_DATA_TYPE_INT32, DataType::kInt32},
    {ONNX_TENSOR_ELEMENT_DATA_TYPE_INT64, DataType::kInt64},
    {ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT16, DataType::kFp16},
    {ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT, DataType::kFp32},
    {ONNX_TENSOR_ELEMENT_DATA_TYPE_DOUBLE, DataType::kFp64},
    {ONNX_TENSOR_ELEMENT_DATA_TYPE_STRING, DataType::kBytes},
    {ONNX_TENSOR_ELEMENT_DATA_TYPE_BFLOAT16, DataType::kBf16},
};

std::optional<DataType> FromOnnx(ONNXTensorElementDataType onnx) {
  for (const TypeRow& row : kTypes) {
    if (row.onnx == onnx) return row.type;
  }
  return std::nullopt;
}

ONNXTensorElementDataType ToOnnx(DataType type) {
  for (const TypeRow& row : kTypes) {
    if (row.type == type) return row.onnx;
  }
  return ONNX_TENSOR_ELEMENT_DATA_TYPE_UNDEFINED;
}

// Frees what the C API handed out.
template <typename T>
class Held {
 public:
  using Release = void(ORT_API_CALL*)(T*);
  explicit Held(Release release) : release_(release) {}
  Held(Held&& other) noexcept : release_(other.release_), pointer_(std::exchange(other.pointer_, nullptr)) {}
  ~Held() {
    if (pointer_ != nullptr) release_(pointer_);
  }
  T* get() const { return pointer_; }
  T** out() { return &pointer_; }
  T* release() { return std::exchange(pointer_, nullptr); }

 private:
  Release release_;
  T* pointer_ = nullptr;
};

#define ORT_RETURN_IF_ERROR(call)                                                                          \
  do {                                                                                                     \
    if (OrtStatus* const ort_status = (call); ort_status != nullptr) return library_.ToStatus(ort_status); \
  } while (false)

// Texts of a string tensor, kept together until the response goes.
struct Strings {
  std::string text;
  std::vector<std::string_view> views;
};

// What a sequence of maps was turned into.
struct Table {
  std::vector<float> values;
  std::vector<std::string> names;
  std::vector<std::string_view> labels;
};

class OnnxRuntime final : public Runtime {
 public:
  OnnxRuntime(const OnnxLibrary& library, int threads)
      : library_(library), api_(*library.api), threads_(threads), session_(library.api->ReleaseSession) {}

  Status Load(const std::string& file) {
    Held<OrtSessionOptions> options(api_.ReleaseSessionOptions);
    ORT_RETURN_IF_ERROR(api_.CreateSessionOptions(options.out()));
    ORT_RETURN_IF_ERROR(api_.SetIntraOpNumThreads(options.get(), threads_));
    ORT_RETURN_IF_ERROR(api_.SetInterOpNumThreads(options.get(), 1));
    ORT_RETURN_IF_ERROR(api_.SetSessionGraphOptimizationLevel(options.get(), ORT_ENABLE_ALL));
    // Spinning threads would take the cores from the connections.
    ORT_RETURN_IF_ERROR(api_.AddSessionConfigEntry(options.get(), "session.intra_op.allow_spinning", "0"));
    ORT_RETURN_IF_ERROR(api_.CreateSession(library_.environment, file.c_str(), options.get(), session_.out()));

    metadata_.platform = "onnxruntime_onnx";
    std::size_t inputs = 0, outputs = 0;
    ORT_RETURN_IF_ERROR(api_.SessionGetInputCount(session_.get(), &inputs));
    ORT_RETURN_IF_ERROR(api_.SessionGetOutputCount(session_.get(), &outputs));
    for (std::size_t i = 0; i < inputs; ++i) {
      MARU_ASSIGN_OR_RETURN(TensorSpec spec,
                            Describe(i, api_.SessionGetInputName, api_.SessionGetInputTypeInfo, false));
      metadata_.inputs.push_back(std::move(spec));
    }
    for (std::size_t i = 0; i < outputs; ++i) {
      MARU_ASSIGN_OR_RETURN(TensorSpec spec,
                            Describe(i, api_.SessionGetOutputName, api_.SessionGetOutputTypeInfo, true));
      metadata_.outputs.push_back(std::move(spec));
    }
    return OkStatus();
  }

  const ModelMetadata& metadata() const override { return metadata_; }
  int concurrency() const override { return 1 << 16; }
  bool in_process() const override { return true; }

  Status Infer(const InferRequest& request, InferResponse& response) override {
    absl::InlinedVector<Held<OrtValue>, 8> inputs;
    absl::InlinedVector<const OrtValue*, 8> input_values;
    absl::InlinedVector<const char*, 8> input_names, output_names;
    for (const Tensor& tensor : request.inputs) {
      const TensorSpec* const spec = metadata_.Input(tensor.name);
      if (spec == nullptr) return InvalidArgument("the model has no input \"{}\"", tensor.name);
      inputs.emplace_back(api_.ReleaseValue);
      MARU_RETURN_IF_ERROR(MakeInput(tensor, inputs.back()));
      input_values.push_back(inputs.back().get());
      input_names.push_back(spec->name.c_str());
    }
    absl::InlinedVector<const TensorSpec*, 8> wanted;
    if (request.outputs.empty()) {
      for (const TensorSpec& spec : metadata_.outputs) wanted.push_back(&spec);
    }
    for (const std::string_view name : request.outputs) {
      const TensorSpec* const spec = metadata_.Output(name);
      if (spec == nullptr) return InvalidArgument("the model has no output \"{}\"", name);
      wanted.push_back(spec);
    }
    for (const TensorSpec* spec : wanted) output_names.push_back(spec->name.c_str());

    absl::InlinedVector<OrtValue*, 8> outputs(wanted.size(), nullptr);
    OrtStatus* const status = api_.Run(session_.get(), nullptr, input_names.data(), input_values.data(),
                                       input_values.size(), output_names.data(), output_names.size(), outputs.data());
    for (OrtValue* value : outputs) {
      if (value != nullptr) response.Keep(value, ReleaseValue);
    }
    ORT_RETURN_IF_ERROR(status);
    for (std::size_t i = 0; i < outputs.size(); ++i) MARU_RETURN_IF_ERROR(ReadOutput(*wanted[i], outputs[i], response));
    return OkStatus();
  }

  Result<RawReply> Invoke(std::string_view, std::string_view, std::int64_t) override {
    return Unimplemented("ONNX models take tensors");
  }

 private:
  static void ReleaseValue(void* value) {
    // The library is open: a value of it exists.
    (*OnnxLibrary::Get())->api->ReleaseValue(static_cast<OrtValue*>(value));
  }

  template <typename GetName, typename GetType>
  Result<TensorSpec> Describe(std::size_t index, GetName get_name, GetType get_type, bool is_output) {
    TensorSpec spec;
    char* name = nullptr;
    ORT_RETURN_IF_ERROR(get_name(session_.get(), index, library_.allocator, &name));
    spec.name = name;
    ORT_RETURN_IF_ERROR(api_.AllocatorFree(library_.allocator, name));

    Held<OrtTypeInfo> type(api_.ReleaseTypeInfo);
    ORT_RETURN_IF_ERROR(get_type(session_.get(), index, type.out()));
    ONNXType kind = ONNX_TYPE_UNKNOWN;
    ORT_RETURN_IF_ERROR(api_.GetOnnxTypeFromTypeInfo(type.get(), &kind));
    if (kind == ONNX_TYPE_SEQUENCE && is_output) {
      MARU_RETURN_IF_ERROR(CheckSequenceOfMaps(spec.name, type.get()));
      spec.type = DataType::kFp32;
      spec.shape = {-1, -1};
      return spec;
    }
    const OrtTensorTypeAndShapeInfo* tensor = nullptr;
    ORT_RETURN_IF_ERROR(api_.CastTypeInfoToTensorInfo(type.get(), &tensor));
    if (tensor == nullptr) {
      return InvalidArgument("\"{}\" is not a tensor; a served model's inputs and outputs must be", spec.name);
    }
    ONNXTensorElementDataType element = ONNX_TENSOR_ELEMENT_DATA_TYPE_UNDEFINED;
    ORT_RETURN_IF_ERROR(api_.GetTensorElementType(tensor, &element));
    const auto data_type = FromOnnx(element);
    if (!data_type) {
      return InvalidArgument("\"{}\" has ONNX element type {}, which the protocol cannot carry", spec.name,
                             static_cast<int>(element));
    }
    spec.type = *data_type;
    std::size_t rank = 0;
    ORT_RETURN_IF_ERROR(api_.GetDimensionsCount(tensor, &rank));
    spec.shape.resize(rank);
    ORT_RETURN_IF_ERROR(api_.GetDimensions(tensor, spec.shape.data(), rank));
    return spec;
  }

  Status CheckSequenceOfMaps(const std::string& name, const OrtTypeInfo* type) {
    const OrtSequenceTypeInfo* sequence = nullptr;
    ORT_RETURN_IF_ERROR(api_.CastTypeInfoToSequenceTypeInfo(type, &sequence));
    Held<OrtTypeInfo> item(api_.ReleaseTypeInfo);
    ORT_RETURN_IF_ERROR(api_.GetSequenceElementType(sequence, item.out()));
    ONNXType kind = ONNX_TYPE_UNKNOWN;
    ORT_RETURN_IF_ERROR(api_.GetOnnxTypeFromTypeInfo(item.get(), &kind));
    if (kind != ONNX_TYPE_MAP) {
      return InvalidArgument("\"{}\" is a sequence of tensors; export the model with tensors as outputs", name);
    }
    return OkStatus();
  }

  Status MakeInput(const Tensor& tensor, Held<OrtValue>& value) {
    if (tensor.type != DataType::kBytes) {
      static std::byte nothing{};
      // The API takes void*, but inputs are only read.
      void* const data = tensor.data.empty() ? &nothing : const_cast<std::byte*>(tensor.data.data());
      ORT_RETURN_IF_ERROR(api_.CreateTensorWithDataAsOrtValue(library_.cpu, data, tensor.data.size(),
                                                              tensor.shape.data(), tensor.shape.size(),
                                                              ToOnnx(tensor.type), value.out()));
      return OkStatus();
    }
    ORT_RETURN_IF_ERROR(api_.CreateTensorAsOrtValue(library_.allocator, tensor.shape.data(), tensor.shape.size(),
                                                    ONNX_TENSOR_ELEMENT_DATA_TYPE_STRING, value.out()));
    for (std::size_t i = 0; i < tensor.strings.size(); ++i) {
      char* buffer = nullptr;  // bytes, so that a zero byte does not end the text
      ORT_RETURN_IF_ERROR(api_.GetResizedStringTensorElementBuffer(value.get(), i, tensor.strings[i].size(), &buffer));
      if (!tensor.strings[i].empty()) std::memcpy(buffer, tensor.strings[i].data(), tensor.strings[i].size());
    }
    return OkStatus();
  }

  Status ReadOutput(const TensorSpec& spec, OrtValue* value, InferResponse& response) {
    ONNXType kind = ONNX_TYPE_UNKNOWN;
    ORT_RETURN_IF_ERROR(api_.GetValueType(value, &kind));
    if (kind == ONNX_TYPE_SEQUENCE) return ReadMaps(spec, value, response);

    ONNXTensorElementDataType element = ONNX_TENSOR_ELEMENT_DATA_TYPE_UNDEFINED;
    const std::int64_t* dimensions = nullptr;
    std::size_t rank = 0;
    ORT_RETURN_IF_ERROR(api_.GetTensorElementTypeAndShapeDataReference(value, &element, &dimensions, &rank));
    Tensor& tensor = response.outputs.emplace_back();
    tensor.name = spec.name;
    tensor.type = FromOnnx(element).value_or(spec.type);
    tensor.shape.assign(dimensions, dimensions + rank);
    if (tensor.type == DataType::kBytes) {
      MARU_ASSIGN_OR_RETURN(const Strings& strings, ReadStrings(value, response));
      tensor.strings = strings.views;
      return OkStatus();
    }
    const void* data = nullptr;
    std::size_t bytes = 0;
    ORT_RETURN_IF_ERROR(api_.GetTensorData(value, &data));
    ORT_RETURN_IF_ERROR(api_.GetTensorSizeInBytes(value, &bytes));
    tensor.data = {static_cast<const std::byte*>(data), bytes};
    return OkStatus();
  }

  Result<std::reference_wrapper<Strings>> ReadStrings(OrtValue* value, InferResponse& response) {
    Held<OrtTensorTypeAndShapeInfo> info(api_.ReleaseTensorTypeAndShapeInfo);
    std::size_t count = 0, bytes = 0;
    ORT_RETURN_IF_ERROR(api_.GetTensorTypeAndShape(value, info.out()));
    ORT_RETURN_IF_ERROR(api_.GetTensorShapeElementCount(info.get(), &count));
    ORT_RETURN_IF_ERROR(api_.GetStringTensorDataLength(value, &bytes));
    Strings& strings = response.Own(std::make_unique<Strings>());
    strings.text.resize(bytes);
    std::vector<std::size_t> offsets(count);
    if (count > 0) {
      ORT_RETURN_IF_ERROR(api_.GetStringTensorContent(value, strings.text.data(), bytes, offsets.data(), count));
    }
    for (std::size_t i = 0; i < count; ++i) {
      const std::size_t end = i + 1 < count ? offsets[i + 1] : bytes;
      strings.views.push_back(std::string_view(strings.text).substr(offsets[i], end - offsets[i]));
    }
    return std::ref(strings);
  }

  Status ReadMaps(const TensorSpec& spec, OrtValue* sequence, InferResponse& response) {
    std::size_t rows = 0;
    ORT_RETURN_IF_ERROR(api_.GetValueCount(sequence, &rows));
    Table& table = response.Own(std::make_unique<Table>());
    std::size_t columns = 0;
    for (std::size_t row = 0; row < rows; ++row) {
      Held<OrtValue> map(api_.ReleaseValue), values(api_.ReleaseValue);
      ORT_RETURN_IF_ERROR(api_.GetValue(sequence, static_cast<int>(row), library_.allocator, map.out()));
      ORT_RETURN_IF_ERROR(api_.GetValue(map.get(), 1, library_.allocator, values.out()));
      ONNXTensorElementDataType element = ONNX_TENSOR_ELEMENT_DATA_TYPE_UNDEFINED;
      const std::int64_t* dimensions = nullptr;
      std::size_t rank = 0;
      const void* data = nullptr;
      ORT_RETURN_IF_ERROR(api_.GetTensorElementTypeAndShapeDataReference(values.get(), &element, &dimensions, &rank));
      ORT_RETURN_IF_ERROR(api_.GetTensorData(values.get(), &data));
      const std::size_t count = rank == 0 ? 1 : static_cast<std::size_t>(dimensions[0]);
      if (row == 0) {
        columns = count;
        MARU_RETURN_IF_ERROR(ReadKeys(map.get(), response, table));
      }
      if (element != ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT || count != columns) {
        return Unimplemented("output \"{}\" has maps of different classes or without FP32 values", spec.name);
      }
      const float* const scores = static_cast<const float*>(data);
      table.values.insert(table.values.end(), scores, scores + count);
    }
    Tensor& tensor = response.outputs.emplace_back();
    tensor.name = spec.name;
    tensor.type = DataType::kFp32;
    tensor.shape = {static_cast<std::int64_t>(rows), static_cast<std::int64_t>(columns)};
    tensor.data = std::as_bytes(std::span<const float>(table.values));
    tensor.labels = table.labels;
    return OkStatus();
  }

  Status ReadKeys(OrtValue* map, InferResponse& response, Table& table) {
    Held<OrtValue> keys(api_.ReleaseValue);
    ORT_RETURN_IF_ERROR(api_.GetValue(map, 0, library_.allocator, keys.out()));
    ONNXTensorElementDataType element = ONNX_TENSOR_ELEMENT_DATA_TYPE_UNDEFINED;
    const std::int64_t* dimensions = nullptr;
    std::size_t rank = 0;
    ORT_RETURN_IF_ERROR(api_.GetTensorElementTypeAndShapeDataReference(keys.get(), &element, &dimensions, &rank));
    if (element == ONNX_TENSOR_ELEMENT_DATA_TYPE_STRING) {
      MARU_ASSIGN_OR_RETURN(const Strings& strings, ReadStrings(keys.get(), response));
      for (const std::string_view key : strings.views) table.names.emplace_back(key);
    } else if (element == ONNX_TENSOR_ELEMENT_DATA_TYPE_INT64) {
      const void* data = nullptr;
      ORT_RETURN_IF_ERROR(api_.GetTensorData(keys.get(), &data));
      for (std::int64_t i = 0; i < (rank == 0 ? 1 : dimensions[0]); ++i) {
        table.names.push_back(std::to_string(static_cast<const std::int64_t*>(data)[i]));
      }
    }
    table.labels.assign(table.names.begin(), table.names.end());
    return OkStatus();
  }

  const OnnxLibrary& library_;
  const OrtApi& api_;
  const int threads_;
  Held<OrtSession> session_;
  ModelMetadata metadata_;
};

}  // namespace

Result<std::unique_ptr<Runtime>> LoadOnnx(const std::string& file, const OnnxOptions& options) {
  MARU_ASSIGN_OR_RETURN(const OnnxLibrary* library, OnnxLibrary::Get());
  auto runtime = std::make_unique<OnnxRuntime>(*library, options.threads);
  MARU_RETURN_IF_ERROR(runtime->Load(file));
  return runtime;
}

}  // namespace maru::serving
