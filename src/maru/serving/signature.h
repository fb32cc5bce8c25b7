// The signature that MLflow stores with a model: columns of a data frame, or tensors.
// https://mlflow.org/docs/latest/ml/model/signatures/
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "maru/base/status.h"
#include "maru/serving/model_metadata.h"

namespace maru::serving {

struct SignatureSide {
  std::vector<TensorSpec> fields;  // columns have shape [-1]
  bool tensors = false;            // tensors rather than columns
  bool known = false;              // false: absent, or with types that tensors cannot carry (objects, arrays, maps)
};

struct Signature {
  SignatureSide inputs, outputs;
};

// `inputs` and `outputs` are the JSON texts inside the MLmodel file; empty ones are unknown sides.
Result<Signature> ParseSignature(std::string_view inputs, std::string_view outputs);

}  // namespace maru::serving
