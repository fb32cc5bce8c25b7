// Artifacts of runs and of model versions: listed by folder, and shown.
#include <absl/strings/match.h>

#include "maru/api/maru/mount.h"
#include "maru/api/maru/operation.h"
#include "maru/api/mlflow/artifact_reply.h"
#include "maru/artifacts/artifact_path.h"
#include "maru/artifacts/artifact_service.h"

namespace maru::api::own {
namespace {

using artifacts::ArtifactService;

struct Artifact {
  std::string path;  // below the noun's root
  bool is_dir = false;
  std::optional<std::int64_t> size_bytes;
};
BOOST_DESCRIBE_STRUCT(Artifact, (), (path, is_dir, size_bytes))

struct ArtifactPage {
  std::vector<Artifact> artifacts;  // folders first, by name
};
BOOST_DESCRIBE_STRUCT(ArtifactPage, (), (artifacts))

struct RunArtifacts {
  std::string run_id;
  std::string path;
};
BOOST_DESCRIBE_STRUCT(RunArtifacts, (), (run_id, path))

struct VersionArtifacts {
  std::string model;
  std::string version;
  std::string path;
};
BOOST_DESCRIBE_STRUCT(VersionArtifacts, (), (model, version, path))

Result<artifacts::Tree> TreeOf(ArtifactService& service, const Caller& caller, const RunArtifacts& request) {
  return service.OfRun(caller, request.run_id);
}

Result<artifacts::Tree> TreeOf(ArtifactService& service, const Caller& caller, const VersionArtifacts& request) {
  return service.OfModelVersion(caller, request.model, request.version);
}

template <typename Noun>
Result<ArtifactPage> List(ArtifactService& service, const Caller& caller, Noun request) {
  MARU_ASSIGN_OR_RETURN(const artifacts::Tree tree, TreeOf(service, caller, request));
  MARU_ASSIGN_OR_RETURN(const std::string folder, artifacts::CleanPath(request.path));
  MARU_ASSIGN_OR_RETURN(const auto found, service.List(tree, folder));
  ArtifactPage page;
  for (const bool folders : {true, false}) {
    for (const artifacts::Artifact& item : found) {
      if (item.is_folder != folders) continue;
      Artifact artifact{.path = artifacts::Join(folder, item.name), .is_dir = item.is_folder};
      if (!item.is_folder) artifact.size_bytes = static_cast<std::int64_t>(item.size_bytes);
      page.artifacts.push_back(std::move(artifact));
    }
  }
  return page;
}

// What the page shows in place. The policy makes of it a document of no origin: its scripts cannot reach this server.
template <typename Noun>
Result<http::Reply> Show(ArtifactService& service, const http::Request& request, Noun wanted) {
  MARU_ASSIGN_OR_RETURN(const artifacts::Tree tree, TreeOf(service, request.caller, wanted));
  MARU_ASSIGN_OR_RETURN(const std::string path, artifacts::CleanPath(wanted.path));
  MARU_ASSIGN_OR_RETURN(http::Reply reply, mlflow::Download(service, tree, path, request));
  http::Headers headers;
  for (const auto& [name, value] : reply.headers) {
    if (!absl::EqualsIgnoreCase(name, "Content-Disposition")) headers.Add(name, value);
  }
  headers.Add("Content-Disposition", "inline");
  headers.Add("Content-Security-Policy",
              "sandbox allow-scripts; default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; "
              "img-src data: blob:; font-src data:; media-src 'self'; frame-ancestors 'self'");
  headers.Add("Cache-Control", "private, no-cache");
  reply.headers = std::move(headers);
  return reply;
}

constexpr Row<ArtifactService> kRows[] = {
    {Verb::kGet, "/runs/{run_id}/artifacts", Permission::kView, "What lies in a folder of a run's artifacts",
     Does<List<RunArtifacts>>},
    {Verb::kGet, "/runs/{run_id}/artifacts/content", Permission::kView, "One artifact; takes a Range",
     Does<Show<RunArtifacts>>},
    {Verb::kGet, "/models/{model}/versions/{version}/artifacts", Permission::kView,
     "What lies in a folder of a version's artifacts", Does<List<VersionArtifacts>>},
    {Verb::kGet, "/models/{model}/versions/{version}/artifacts/content", Permission::kView,
     "One artifact; takes a Range", Does<Show<VersionArtifacts>>},
};

}  // namespace

void MountArtifacts(http::Router& router, Catalog& catalog, ArtifactService& service) {
  Mount(router, catalog, service, "artifacts", kRows);
}

}  // namespace maru::api::own
