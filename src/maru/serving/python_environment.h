// The Python interpreter that a model's worker runs on.
//
// "isolated": a virtual environment made from the model's requirements with uv (or venv and pip where uv is not there),
// kept in a folder named after the digest of what it was made from, and shared by every model that asks for the same.
// "current": the server's configured interpreter, as it is. "auto": the configured one when it has everything that the
// model asks for, an isolated one otherwise.
// Threads: thread-safe; environments are made one at a time. Blocks, for minutes when packages have to be fetched.
#pragma once

#include <atomic>
#include <filesystem>
#include <string>

#include "maru/base/status.h"
#include "maru/serving/model_package.h"

namespace maru::serving {

struct PythonOptions {
  std::string interpreter;        // empty: that of the active virtual environment, else python3 of the PATH
  std::filesystem::path folder;   // where environments are kept
  std::filesystem::path scripts;  // the unpacked worker
};

// The interpreter's path. kFailedPrecondition, with the installer's last words, when no environment can be made;
// kCancelled soon after `cancelled` becomes true.
Result<std::string> FindPython(const ModelPackage& package, const std::string& mode, const PythonOptions& options,
                               const std::atomic<bool>& cancelled);

}  // namespace maru::serving
