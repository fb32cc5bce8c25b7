#include "maru/artifacts/artifact_service.h"

#include "maru/artifacts/artifact_path.h"

namespace maru::artifacts {
namespace {

constexpr std::size_t kListPage = 10'000;

// The part of `uri` below `base`, or nothing. A plain absolute path counts as a file:// URI.
std::optional<std::string> Below(std::string_view base, std::string uri) {
  if (uri.starts_with('/')) uri = "file://" + uri;
  if (uri.starts_with("file:/") && !uri.starts_with("file://")) uri = "file://" + uri.substr(5);
  while (uri.ends_with('/')) uri.pop_back();
  if (uri == base) return "";
  if (uri.size() <= base.size() || !uri.starts_with(base) || uri[base.size()] != '/') return std::nullopt;
  return uri.substr(base.size() + 1);
}

// The key of something that must not be the root.
Result<std::string> FileKey(const Tree& tree, std::string_view path) {
  if (path.empty()) return InvalidArgument("the path of an artifact must not be empty");
  return ArtifactService::KeyOf(tree, path);
}

}  // namespace

Result<Tree> ArtifactService::OfWorkspace(const Caller& caller) {
  return At(caller, "mlflow-artifacts:/");
}

Result<Tree> ArtifactService::OfRun(const Caller& caller, std::string_view run_id) {
  MARU_ASSIGN_OR_RETURN(const std::string uri, roots_.OfRun(caller, run_id));
  return At(caller, uri);
}

Result<Tree> ArtifactService::OfLoggedModel(const Caller& caller, std::string_view model_id) {
  MARU_ASSIGN_OR_RETURN(const std::string uri, roots_.OfLoggedModel(caller, model_id));
  return At(caller, uri);
}

Result<Tree> ArtifactService::OfModelVersion(const Caller& caller, std::string_view name, std::string_view version) {
  MARU_ASSIGN_OR_RETURN(const std::string uri, roots_.OfModelVersion(caller, name, version));
  return At(caller, uri);
}

Result<Tree> ArtifactService::At(const Caller& caller, std::string_view root_uri) {
  Tree tree{.uri = std::string(root_uri), .workspace = caller.workspace};
  const std::optional<std::string> proxied = ProxiedPath(root_uri);
  const std::optional<std::string> own = proxied ? std::nullopt : Below(store_.uri(), tree.uri);
  if (proxied || own) {
    MARU_ASSIGN_OR_RETURN(tree.root, CleanPath(proxied ? *proxied : *own));
    tree.store = &store_;
    tree.is_own = true;
    tree.is_proxied = proxied.has_value();
    MARU_RETURN_IF_ERROR(KeyOf(tree, "").status());
    return tree;
  }
  if (root_uri.starts_with("s3://")) {
    const std::string_view address = root_uri.substr(5);
    const std::size_t slash = std::min(address.find('/'), address.size());
    MARU_ASSIGN_OR_RETURN(tree.root, CleanPath(address.substr(std::min(slash + 1, address.size()))));
    MARU_ASSIGN_OR_RETURN(tree.store, Bucket("s3://" + std::string(address.substr(0, slash))));
    return tree;
  }
  return PermissionDenied(
      "artifacts at \"{}\" are outside what this server serves, \"{}\"; a client that reaches them can read them "
      "itself",
      root_uri, store_.uri());
}

Result<object_store::ObjectStore*> ArtifactService::Bucket(const std::string& uri) {
  const std::lock_guard lock(mutex_);
  auto& bucket = buckets_[uri];
  if (bucket == nullptr) {
    MARU_ASSIGN_OR_RETURN(bucket, object_store::Open(uri));
  }
  return bucket.get();
}

Result<std::string> ArtifactService::KeyOf(const Tree& tree, std::string_view path) {
  MARU_ASSIGN_OR_RETURN(const std::string clean, CleanPath(path));
  if (!tree.is_own) return Join(tree.root, clean);
  // A URI of the store itself already has the workspace's part in it; a proxied one has it where the client put it.
  MARU_ASSIGN_OR_RETURN(std::string key, WorkspaceKey(tree.workspace, Join(tree.root, clean)));
  if (!tree.is_proxied && key != Join(tree.root, clean)) {
    return PermissionDenied("artifacts at \"{}\" belong to another workspace", tree.uri);
  }
  return key;
}

Result<std::unique_ptr<object_store::ObjectReader>> ArtifactService::Open(const Tree& tree, std::string_view path,
                                                                          std::uint64_t offset,
                                                                          std::optional<std::uint64_t> length) {
  MARU_ASSIGN_OR_RETURN(const std::string key, FileKey(tree, path));
  auto reader = tree.store->Open(key, offset, length);
  if (reader.status().code() != absl::StatusCode::kNotFound) return reader;
  MARU_ASSIGN_OR_RETURN(const auto below, tree.store->List(key, true, "", 1));
  if (!below.empty()) return InvalidArgument("Artifact path refers to a directory, not a file: '{}'", path);
  return NotFound("No such artifact: '{}'", path);
}

Result<std::unique_ptr<object_store::ObjectWriter>> ArtifactService::Create(const Tree& tree, std::string_view path) {
  MARU_ASSIGN_OR_RETURN(const std::string key, FileKey(tree, path));
  return tree.store->Create(key);
}

Result<std::vector<Artifact>> ArtifactService::List(const Tree& tree, std::string_view path) {
  MARU_ASSIGN_OR_RETURN(const std::string folder, KeyOf(tree, path));
  const std::size_t skip = folder.empty() ? 0 : folder.size() + 1;
  std::vector<Artifact> artifacts;
  std::string after;
  while (true) {
    MARU_ASSIGN_OR_RETURN(const auto page, tree.store->List(folder, true, after, kListPage));
    for (const object_store::ObjectInfo& info : page) {
      std::string name = info.key.substr(skip);
      if (info.is_prefix) name.pop_back();
      if (folder.empty() && name == "workspaces") continue;  // the other workspaces' parts of the store
      artifacts.push_back({std::move(name), info.is_prefix, info.size_bytes});
    }
    if (page.size() < kListPage) return artifacts;
    after = page.back().key;
  }
}

Status ArtifactService::Delete(const Tree& tree, std::string_view path) {
  MARU_ASSIGN_OR_RETURN(const std::string key, FileKey(tree, path));
  MARU_RETURN_IF_ERROR(tree.store->Delete(key));
  return tree.store->DeleteTree(key);
}

}  // namespace maru::artifacts
