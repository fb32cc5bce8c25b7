// ONNX Runtime's C API, opened on first use so that a server without ONNX models never maps its 34 MB.
//
// Looked for at $MARU_ONNXRUNTIME (a file), then as libonnxruntime.so.1 along the program's rpath and the system's
// folders. Threads: thread-safe. Lives as long as the process.
#pragma once

#include <onnxruntime_c_api.h>

#include "maru/base/status.h"

namespace maru::serving {

struct OnnxLibrary {
  const OrtApi* api = nullptr;
  OrtEnv* environment = nullptr;
  OrtMemoryInfo* cpu = nullptr;
  OrtAllocator* allocator = nullptr;  // the default one, for names

  // kUnavailable, with what was tried, when the library is not there or too old. Tried again at the next call.
  static Result<const OnnxLibrary*> Get();

  // Takes ownership of `status`.
  Status ToStatus(OrtStatus* status) const;
};

}  // namespace maru::serving
