#include "maru/serving/model_package.h"

#include <yaml-cpp/yaml.h>

#include <vector>

namespace maru::serving {
namespace fs = std::filesystem;
namespace {

Result<ModelPackage> BareOnnx(const fs::path& folder) {
  std::vector<fs::path> files;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder, error)) {
    if (entry.path().extension() == ".onnx") files.push_back(entry.path());
  }
  ModelPackage package{.flavor = Flavor::kOnnx, .folder = folder};
  if (fs::exists(folder / "model.onnx", error)) {
    package.onnx_file = folder / "model.onnx";
  } else if (files.size() == 1) {
    package.onnx_file = files[0];
  } else {
    return InvalidArgument("the model has neither an MLmodel file nor one ONNX file; log it with an MLflow flavor");
  }
  return package;
}

// A file that the MLmodel names, which must lie inside the folder.
Result<fs::path> Inside(const fs::path& folder, const std::string& name) {
  const fs::path path = (folder / name).lexically_normal();
  const auto relative = path.lexically_relative(folder.lexically_normal());
  if (relative.empty() || *relative.begin() == "..") {
    return InvalidArgument("the MLmodel file names \"{}\", which is outside the model's folder", name);
  }
  return path;
}

Result<ModelPackage> FromMlmodel(const fs::path& folder) {
  ModelPackage package{.folder = folder};
  std::string inputs, outputs;
  try {
    const YAML::Node root = YAML::LoadFile((folder / "MLmodel").string());
    const YAML::Node flavors = root["flavors"];
    if (const YAML::Node signature = root["signature"]; signature && signature.IsMap()) {
      if (signature["inputs"] && signature["inputs"].IsScalar()) inputs = signature["inputs"].as<std::string>();
      if (signature["outputs"] && signature["outputs"].IsScalar()) outputs = signature["outputs"].as<std::string>();
    }
    if (flavors && flavors["onnx"] && flavors["onnx"]["data"]) {
      package.flavor = Flavor::kOnnx;
      MARU_ASSIGN_OR_RETURN(package.onnx_file, Inside(folder, flavors["onnx"]["data"].as<std::string>()));
    } else if (flavors && flavors["python_function"]) {
      if (const YAML::Node version = flavors["python_function"]["python_version"]) {
        package.python_version = version.as<std::string>();
      }
    } else {
      return InvalidArgument("the model has neither the onnx nor the python_function flavor; log it with one of them");
    }
  } catch (const YAML::Exception& e) {
    return InvalidArgument("the MLmodel file cannot be read: {}", e.what());
  }
  MARU_ASSIGN_OR_RETURN(package.signature, ParseSignature(inputs, outputs));
  std::error_code error;
  if (fs::exists(folder / "requirements.txt", error)) package.requirements = folder / "requirements.txt";
  return package;
}

}  // namespace

Result<ModelPackage> ReadModelPackage(const fs::path& folder) {
  std::error_code error;
  if (fs::exists(folder / "MLmodel", error)) return FromMlmodel(folder);
  return BareOnnx(folder);
}

}  // namespace maru::serving
