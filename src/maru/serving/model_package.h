// What lies in a model's folder: MLflow's MLmodel file, or a bare ONNX file.
#pragma once

#include <filesystem>
#include <string>

#include "maru/base/status.h"
#include "maru/serving/signature.h"

namespace maru::serving {

enum class Flavor { kOnnx, kPyfunc };

struct ModelPackage {
  Flavor flavor = Flavor::kPyfunc;
  std::filesystem::path folder;
  std::filesystem::path onnx_file;     // of kOnnx
  std::filesystem::path requirements;  // a pip requirements file; empty when the model has none
  std::string python_version;          // "3.11.4", empty when unknown
  Signature signature;
};

// kInvalidArgument when the folder holds nothing that can be served.
Result<ModelPackage> ReadModelPackage(const std::filesystem::path& folder);

}  // namespace maru::serving
