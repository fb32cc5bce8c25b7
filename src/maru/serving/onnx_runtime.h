// ONNX models in this process, on the CPU.
//
// Outputs are tensors, or sequences of maps as scikit-learn converters make them (ZipMap): those become one FP32 tensor
// [rows, classes] whose labels are the maps' keys.
#pragma once

#include <memory>
#include <string>

#include "maru/base/status.h"
#include "maru/serving/runtime.h"

namespace maru::serving {

struct OnnxOptions {
  int threads = 1;  // that one call computes on; with 1, calls run side by side without handing work over
};

// Loads and optimises the model in `file` (weights in files beside it are found). kInvalidArgument when the file is no
// model or has inputs that are not tensors; kUnavailable when ONNX Runtime is not there.
Result<std::unique_ptr<Runtime>> LoadOnnx(const std::string& file, const OnnxOptions& options);

}  // namespace maru::serving
