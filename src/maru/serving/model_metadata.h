// What a loaded model takes and gives, as the protocols describe it to clients. Plain data.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "maru/serving/tensor.h"

namespace maru::serving {

struct TensorSpec {
  std::string name;
  DataType type = DataType::kFp32;
  Shape shape;  // -1 stands for any length
  bool required = true;
};

struct ModelMetadata {
  std::string platform;  // "onnxruntime_onnx", "mlflow_pyfunc"
  std::vector<TensorSpec> inputs;
  std::vector<TensorSpec> outputs;
  bool columns = false;       // inputs are the columns of a data frame; the model's own library converts their types
  bool inputs_known = true;   // false: the model has no signature and takes any inputs
  bool outputs_known = true;  // false: outputs are known only when it has answered

  const TensorSpec* Input(std::string_view name) const { return Find(inputs, name); }
  const TensorSpec* Output(std::string_view name) const { return Find(outputs, name); }

 private:
  static const TensorSpec* Find(const std::vector<TensorSpec>& specs, std::string_view name) {
    for (const TensorSpec& spec : specs) {
      if (spec.name == name) return &spec;
    }
    return nullptr;
  }
};

}  // namespace maru::serving
