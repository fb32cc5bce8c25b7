#include "maru/serving/onnx_library.h"

#include <dlfcn.h>

#include <cstdlib>
#include <mutex>
#include <string>

namespace maru::serving {
namespace {

Result<const OnnxLibrary*> Open() {
  const char* configured = std::getenv("MARU_ONNXRUNTIME");
  const std::string file = configured != nullptr && *configured ? configured : "libonnxruntime.so.1";
  void* const handle = dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (handle == nullptr) {
    return Unavailable("ONNX models need ONNX Runtime: {}; set MARU_ONNXRUNTIME to the file of libonnxruntime.so.1",
                       dlerror());
  }
  const auto get_base = reinterpret_cast<const OrtApiBase* (*)()>(dlsym(handle, "OrtGetApiBase"));
  const OrtApi* const api = get_base == nullptr ? nullptr : get_base()->GetApi(ORT_API_VERSION);
  if (api == nullptr) {
    return Unavailable("{} is too old: it has no API version {}; install ONNX Runtime 1.{} or newer", file,
                       ORT_API_VERSION, ORT_API_VERSION);
  }
  auto library = std::make_unique<OnnxLibrary>();
  library->api = api;
  // Its errors come back as statuses; a log of them would only repeat what callers sent.
  MARU_RETURN_IF_ERROR(library->ToStatus(api->CreateEnv(ORT_LOGGING_LEVEL_FATAL, "maru", &library->environment)));
  MARU_RETURN_IF_ERROR(library->ToStatus(api->DisableTelemetryEvents(library->environment)));
  MARU_RETURN_IF_ERROR(
      library->ToStatus(api->CreateCpuMemoryInfo(OrtArenaAllocator, OrtMemTypeDefault, &library->cpu)));
  MARU_RETURN_IF_ERROR(library->ToStatus(api->GetAllocatorWithDefaultOptions(&library->allocator)));
  return library.release();
}

}  // namespace

Result<const OnnxLibrary*> OnnxLibrary::Get() {
  static std::mutex mutex;
  static const OnnxLibrary* opened = nullptr;
  const std::lock_guard lock(mutex);
  if (opened == nullptr) {
    MARU_ASSIGN_OR_RETURN(opened, Open());
  }
  return opened;
}

Status OnnxLibrary::ToStatus(OrtStatus* status) const {
  if (status == nullptr) return OkStatus();
  const OrtErrorCode code = api->GetErrorCode(status);
  const std::string message = api->GetErrorMessage(status);
  api->ReleaseStatus(status);
  switch (code) {
    case ORT_INVALID_ARGUMENT:
    case ORT_INVALID_GRAPH:
    case ORT_INVALID_PROTOBUF:
    case ORT_NO_SUCHFILE:
      return InvalidArgument("{}", message);
    case ORT_NOT_IMPLEMENTED:
      return Unimplemented("{}", message);
    // Kernels report shapes and values that they cannot take as plain failures of the run.
    case ORT_FAIL:
    case ORT_RUNTIME_EXCEPTION:
      return InvalidArgument("{}", message);
    default:
      return Internal("{}", message);
  }
}

}  // namespace maru::serving
