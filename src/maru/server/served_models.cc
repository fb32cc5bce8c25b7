#include "maru/server/served_models.h"

#include <charconv>
#include <fstream>

namespace maru::server {
namespace {

constexpr std::size_t kListed = 1000;
constexpr std::size_t kPieceBytes = 256 * 1024;

// Serving acts for itself, in the workspace of the endpoint.
Caller In(const std::string& workspace) {
  return {.principal = "serving", .workspace = workspace};
}

}  // namespace

Result<serving::ResolvedModel> ServedModels::Resolve(const std::string& workspace, const serving::ModelUri& uri) {
  const Caller caller = In(workspace);
  Result<registry::ModelVersion> version = NotFound("there is no model \"{}\"", uri.name);
  if (!uri.alias.empty()) {
    version = models_.GetVersionByAlias(caller, uri.name, uri.alias);
  } else {
    std::int64_t number = 0;
    std::from_chars(uri.version.data(), uri.version.data() + uri.version.size(), number);
    version = models_.GetVersion(caller, uri.name, number);
  }
  MARU_RETURN_IF_ERROR(version.status());
  return serving::ResolvedModel{version->name, std::to_string(version->version),
                                version->storage_location.empty() ? version->source : version->storage_location};
}

Result<std::vector<serving::ArtifactFile>> ServedModels::List(const std::string& workspace,
                                                              const std::string& artifact_uri) {
  MARU_ASSIGN_OR_RETURN(const artifacts::Tree tree, artifacts_.At(In(workspace), artifact_uri));
  MARU_ASSIGN_OR_RETURN(const std::string root, artifacts::ArtifactService::KeyOf(tree, ""));
  std::vector<serving::ArtifactFile> files;
  std::string after;
  while (true) {
    MARU_ASSIGN_OR_RETURN(const auto page, tree.store->List(root, /*delimited=*/false, after, kListed));
    for (const object_store::ObjectInfo& object : page) {
      files.push_back({object.key.substr(root.empty() ? 0 : root.size() + 1), object.size_bytes, object.modified_ms});
    }
    if (page.size() < kListed) return files;
    after = page.back().key;
  }
}

Status ServedModels::Copy(const std::string& workspace, const std::string& artifact_uri, const std::string& path,
                          const std::string& local_file) {
  MARU_ASSIGN_OR_RETURN(const artifacts::Tree tree, artifacts_.At(In(workspace), artifact_uri));
  MARU_ASSIGN_OR_RETURN(const auto reader, artifacts_.Open(tree, path));
  std::ofstream out(local_file, std::ios::binary);
  std::vector<char> piece(kPieceBytes);
  while (true) {
    MARU_ASSIGN_OR_RETURN(const std::size_t count, reader->Read(piece));
    if (count == 0) break;
    out.write(piece.data(), static_cast<std::streamsize>(count));
  }
  out.close();
  if (!out) return ResourceExhausted("{} cannot be written; is the disk full?", local_file);
  return OkStatus();
}

}  // namespace maru::server
