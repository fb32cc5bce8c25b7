// MLflow models of any Python flavor, in worker processes of their own.
//
// Each worker takes one call at a time. One that dies is started again, at once the first time and with growing pauses
// when it keeps dying; a call that it took down with it is given to another worker once. A call that outlives its
// deadline costs its worker a restart, since Python cannot be interrupted. Unloading kills the workers.
#pragma once

#include <atomic>
#include <chrono>
#include <filesystem>
#include <memory>
#include <string>

#include "maru/base/clock.h"
#include "maru/base/status.h"
#include "maru/serving/model_package.h"
#include "maru/serving/runtime.h"

namespace maru::serving {

struct PythonRuntimeOptions {
  std::string interpreter;
  std::filesystem::path scripts;  // the unpacked worker
  std::string label;              // of the log's lines: "endpoint late revision 3"
  int workers = 1;
  std::chrono::milliseconds start_timeout{300'000};
};

// Starts the workers and waits until all have loaded the model. kFailedPrecondition, with the worker's last words, when
// it cannot be loaded; kCancelled soon after `cancelled` becomes true.
Result<std::unique_ptr<Runtime>> StartPython(const ModelPackage& package, PythonRuntimeOptions options,
                                             const Clock* clock, const std::atomic<bool>& cancelled);

// How long to wait before a worker's next start, after it died `deaths` times in a row without answering a call: not at
// all, 0.1 s, 0.2 s … at most 30 s. Pure.
std::chrono::milliseconds RestartDelay(int deaths);

}  // namespace maru::serving
