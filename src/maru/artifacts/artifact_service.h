// Artifacts: the files of runs, logged models and model versions, each below its noun's root.
//
// A root is a URI. "mlflow-artifacts:" roots lie in this server's own store, in the caller's workspace; URIs below the
// store's own URI are the same store addressed directly; s3:// roots in other buckets are opened with this server's
// credentials. Anything else is refused: a client could otherwise read any file of the server's machine by naming it
// as an artifact location.
//
// Threads: thread-safe; calls block on the store. Errors: those of ObjectStore and ArtifactRoots; kInvalidArgument for
// paths that lead out of their root; kPermissionDenied for roots that this server does not serve.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "maru/artifacts/artifact_roots.h"
#include "maru/base/caller.h"
#include "maru/base/status.h"
#include "maru/object_store/object_store.h"

namespace maru::artifacts {

struct Artifact {
  std::string name;  // without the folder it is in
  bool is_folder = false;
  std::uint64_t size_bytes = 0;
};

// One noun's artifacts: a part of a store. Plain data; the store lives as long as the service.
struct Tree {
  object_store::ObjectStore* store = nullptr;
  std::string uri;          // the root as its noun has it
  std::string root;         // path of the root in the store, or in the workspace's part of it
  bool is_own = false;      // in this server's own store, which workspaces share
  bool is_proxied = false;  // clients reach it only through this server
  std::string workspace;
};

class ArtifactService {
 public:
  // Both must outlive the service.
  ArtifactService(object_store::ObjectStore& store, ArtifactRoots& roots) : store_(store), roots_(roots) {}

  // The caller's workspace as a whole: what the artifact proxy shows.
  Result<Tree> OfWorkspace(const Caller& caller);
  Result<Tree> OfRun(const Caller& caller, std::string_view run_id);
  Result<Tree> OfLoggedModel(const Caller& caller, std::string_view model_id);
  Result<Tree> OfModelVersion(const Caller& caller, std::string_view name, std::string_view version);
  Result<Tree> At(const Caller& caller, std::string_view root_uri);

  // The key of a client's path below the tree; "" is the root.
  static Result<std::string> KeyOf(const Tree& tree, std::string_view path);

  // kInvalidArgument when `path` is a folder.
  Result<std::unique_ptr<object_store::ObjectReader>> Open(const Tree& tree, std::string_view path,
                                                           std::uint64_t offset = 0,
                                                           std::optional<std::uint64_t> length = {});
  Result<std::unique_ptr<object_store::ObjectWriter>> Create(const Tree& tree, std::string_view path);
  // What lies directly in folder `path`, by name; empty when there is no such folder.
  Result<std::vector<Artifact>> List(const Tree& tree, std::string_view path);
  // The artifact `path`, or the folder with all that is in it. OK when there is neither.
  Status Delete(const Tree& tree, std::string_view path);

 private:
  Result<object_store::ObjectStore*> Bucket(const std::string& uri);

  object_store::ObjectStore& store_;
  ArtifactRoots& roots_;
  std::mutex mutex_;
  std::map<std::string, std::unique_ptr<object_store::ObjectStore>> buckets_;  // other buckets, by their URI
};

}  // namespace maru::artifacts
