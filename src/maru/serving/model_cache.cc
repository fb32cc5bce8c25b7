#include "maru/serving/model_cache.h"

#include <algorithm>

#include "maru/base/ids.h"
#include "maru/serving/digest.h"

namespace maru::serving {
namespace fs = std::filesystem;
namespace {

// The store refuses such names already; a model's files must not be able to leave their folder in any case.
Status CheckPath(const std::string& path) {
  const fs::path relative(path);
  if (path.empty() || relative.is_absolute() || path.find('\0') != std::string::npos) {
    return InvalidArgument("a model file has the name \"{}\"", path);
  }
  for (const fs::path& part : relative) {
    if (part == ".." || part == "." || part.empty()) return InvalidArgument("a model file has the name \"{}\"", path);
  }
  return OkStatus();
}

Status FromSystem(const std::error_code& error, const fs::path& path) {
  if (error == std::errc::no_space_on_device) return ResourceExhausted("{}: {}", path.string(), error.message());
  return Unavailable("{}: {}", path.string(), error.message());
}

}  // namespace

Result<fs::path> ModelCache::Fetch(const std::string& workspace, const std::string& artifact_uri) {
  MARU_ASSIGN_OR_RETURN(std::vector<ArtifactFile> files, source_.List(workspace, artifact_uri));
  if (files.empty()) return NotFound("there are no files at {}", artifact_uri);
  std::sort(files.begin(), files.end(), [](const auto& a, const auto& b) { return a.path < b.path; });
  std::string listing = workspace + '\n' + artifact_uri + '\n';
  for (const ArtifactFile& file : files) {
    MARU_RETURN_IF_ERROR(CheckPath(file.path));
    listing += fmt::format("{}\n{} {}\n", file.path, file.size_bytes, file.modified_ms);
  }
  const fs::path target = folder_ / Sha256Hex(listing).substr(0, 40);
  std::error_code error;
  if (fs::exists(target, error)) return target;

  const fs::path part = folder_ / ("part-" + NewUuidHex());
  const auto copy = [&]() -> Status {
    for (const ArtifactFile& file : files) {
      const fs::path local = part / file.path;
      if (!fs::create_directories(local.parent_path(), error) && error) return FromSystem(error, local.parent_path());
      MARU_RETURN_IF_ERROR(source_.Copy(workspace, artifact_uri, file.path, local.string()));
    }
    fs::rename(part, target, error);
    // Somebody else fetched the same content meanwhile: theirs is as good.
    if (error && !fs::exists(target)) return FromSystem(error, target);
    return OkStatus();
  };
  const Status status = copy();
  fs::remove_all(part, error);
  if (!status.ok()) return status;
  return target;
}

}  // namespace maru::serving
