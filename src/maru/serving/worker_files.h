// The worker's Python files, carried inside the program and written out once per version.
#pragma once

#include <filesystem>
#include <span>
#include <string_view>

#include "maru/base/status.h"

namespace maru::serving {

struct EmbeddedFile {
  const char* name;
  std::string_view content;
};

std::span<const EmbeddedFile> WorkerFiles();  // generated from python/maru_worker

// A folder with the files in it, below `folder`; made when it is not there. Thread-safe.
Result<std::filesystem::path> UnpackWorker(const std::filesystem::path& folder);

}  // namespace maru::serving
