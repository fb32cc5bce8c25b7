// MLflow's routes of workspaces, and what a client may know about the server before it uses it.
#pragma once

#include "maru/http/router.h"
#include "maru/workspaces/workspace_service.h"

namespace maru::api::mlflow {

// `workspaces` must outlive the router.
void MountWorkspaces(http::Router& router, workspaces::WorkspaceService& workspaces);

// What this server can do with artifacts, as its store allows.
struct ArtifactAbilities {
  bool multipart_uploads = false;
  bool multipart_downloads = false;
};
// Answered without credentials, whatever workspace the request names.
void MountServerInfo(http::Router& router, ArtifactAbilities abilities);

}  // namespace maru::api::mlflow
