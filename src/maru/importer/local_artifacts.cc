#include "maru/importer/local_artifacts.h"

#include <filesystem>
#include <fstream>

#include "maru/object_store/key.h"

namespace maru::importer {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kProxied = "mlflow-artifacts:/";
constexpr std::size_t kPieceBytes = 1 << 20;

std::string ProxiedPath(const std::string& uri) {
  std::string path = uri.substr(kProxied.size());
  while (path.starts_with('/')) path.erase(0, 1);
  return path;
}

std::string WithoutScheme(std::string uri) {
  if (uri.starts_with("file://"))
    uri.erase(0, 7);
  else if (uri.starts_with("file:"))
    uri.erase(0, 5);
  return uri;
}

}  // namespace

Result<LocalArtifacts> LocalArtifacts::Open(const std::string& destination) {
  LocalArtifacts artifacts;
  if (destination.starts_with("s3://")) {
    MARU_ASSIGN_OR_RETURN(artifacts.bucket_, object_store::Open(destination));
  } else {
    artifacts.folder_ = WithoutScheme(destination);
  }
  return artifacts;
}

std::optional<std::string> LocalArtifacts::FolderOf(const std::string& root_uri) const {
  if (root_uri.starts_with('/') || root_uri.starts_with("file:")) return WithoutScheme(root_uri);
  if (!root_uri.starts_with(kProxied) || folder_.empty()) return std::nullopt;
  const std::string path = ProxiedPath(root_uri);
  if (!object_store::ValidateKey(path).ok()) return std::nullopt;
  return folder_ + "/" + path;
}

Result<std::optional<std::vector<ArtifactFile>>> LocalArtifacts::List(const std::string& root_uri) const {
  std::vector<ArtifactFile> files;
  if (bucket_ != nullptr && root_uri.starts_with(kProxied)) {
    const std::string prefix = ProxiedPath(root_uri);
    std::string after;
    while (true) {
      MARU_ASSIGN_OR_RETURN(const auto page, bucket_->List(prefix, false, after));
      if (page.empty()) return files;
      for (const auto& info : page) files.push_back({info.key.substr(prefix.size() + 1), info.size_bytes});
      after = page.back().key;
    }
  }
  const std::optional<std::string> folder = FolderOf(root_uri);
  if (!folder) return std::nullopt;
  std::error_code error;
  if (!fs::is_directory(*folder, error)) {
    // A run that never logged an artifact has no folder; that is only a loss when the machine is another one.
    const fs::path above = fs::path(*folder).parent_path().parent_path();
    return fs::is_directory(above, error) ? std::optional(files) : std::nullopt;
  }
  for (fs::recursive_directory_iterator at(*folder, error), end; !error && at != end; at.increment(error)) {
    if (at->is_symlink(error) || !at->is_regular_file(error)) continue;
    const std::string path = at->path().lexically_relative(*folder).generic_string();
    if (object_store::ValidateKey(path).ok()) files.push_back({path, at->file_size(error)});
  }
  if (error) return Unavailable("list {}: {}", *folder, error.message());
  return files;
}

Status LocalArtifacts::Read(const std::string& root_uri, const std::string& path, PieceSink sink) const {
  std::string piece(kPieceBytes, '\0');
  if (bucket_ != nullptr && root_uri.starts_with(kProxied)) {
    MARU_ASSIGN_OR_RETURN(const auto reader, bucket_->Open(ProxiedPath(root_uri) + "/" + path));
    while (true) {
      MARU_ASSIGN_OR_RETURN(const std::size_t count, reader->Read(piece));
      if (count == 0) return OkStatus();
      MARU_RETURN_IF_ERROR(sink(std::string_view(piece).substr(0, count)));
    }
  }
  const std::string file_name = *FolderOf(root_uri) + "/" + path;
  std::ifstream file(file_name, std::ios::binary);
  while (file) {
    file.read(piece.data(), static_cast<std::streamsize>(piece.size()));
    if (file.gcount() == 0) break;
    MARU_RETURN_IF_ERROR(sink(std::string_view(piece).substr(0, static_cast<std::size_t>(file.gcount()))));
  }
  return file.eof() ? OkStatus() : Unavailable("{} cannot be read", file_name);
}

}  // namespace maru::importer
