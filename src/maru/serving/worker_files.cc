#include "maru/serving/worker_files.h"

#include <fstream>
#include <string>

#include "maru/base/ids.h"
#include "maru/serving/digest.h"

namespace maru::serving {
namespace fs = std::filesystem;

Result<fs::path> UnpackWorker(const fs::path& folder) {
  std::string all;
  for (const EmbeddedFile& file : WorkerFiles()) all += std::string(file.name) + '\n' + std::string(file.content);
  const fs::path target = folder / Sha256Hex(all).substr(0, 16);
  std::error_code error;
  if (fs::exists(target, error)) return target;
  const fs::path part = folder / ("part-" + NewUuidHex());
  fs::create_directories(part, error);
  for (const EmbeddedFile& file : WorkerFiles()) {
    std::ofstream out(part / file.name, std::ios::binary);
    out << file.content;
    out.close();
    if (!out) return Unavailable("{} cannot be written", (part / file.name).string());
  }
  fs::rename(part, target, error);
  if (error) fs::remove_all(part, error);
  if (!fs::exists(target)) return Unavailable("{} cannot be written", target.string());
  return target;
}

}  // namespace maru::serving
