// Where model files come from; plugged in by server/.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "maru/base/status.h"

namespace maru::serving {

struct ArtifactFile {
  std::string path;  // below the artifact's root, '/'-separated
  std::uint64_t size_bytes = 0;
  std::int64_t modified_ms = 0;  // 0 when the store does not say
};

class ArtifactSource {
 public:
  virtual ~ArtifactSource() = default;
  // Every file below `artifact_uri`. Both calls are thread-safe and block.
  virtual Result<std::vector<ArtifactFile>> List(const std::string& workspace, const std::string& artifact_uri) = 0;
  // Writes one of them to `local_file`, whose folder exists.
  virtual Status Copy(const std::string& workspace, const std::string& artifact_uri, const std::string& path,
                      const std::string& local_file) = 0;
};

}  // namespace maru::serving
