#include "maru/api/mlflow/workspaces.h"

#include "maru/api/mlflow/required.h"
#include "maru/api/mlflow/rpc.h"

namespace maru::api::mlflow {
namespace {

using workspaces::Workspace;
using workspaces::WorkspaceService;

struct TraceArchivalShape {
  std::optional<std::string> location, retention;
};
BOOST_DESCRIBE_STRUCT(TraceArchivalShape, (), (location, retention))

struct WorkspaceShape {
  std::string name;
  std::optional<std::string> description, default_artifact_root;
  std::optional<TraceArchivalShape> trace_archival_config;
};
BOOST_DESCRIBE_STRUCT(WorkspaceShape, (), (name, description, default_artifact_root, trace_archival_config))

WorkspaceShape Shape(const Workspace& workspace) {
  WorkspaceShape shape{workspace.name, workspace.description, workspace.default_artifact_root, {}};
  if (workspace.trace_archival_location || workspace.trace_archival_retention) {
    shape.trace_archival_config = {workspace.trace_archival_location, workspace.trace_archival_retention};
  }
  return shape;
}

Workspace FromShape(WorkspaceShape shape) {
  TraceArchivalShape archival = shape.trace_archival_config.value_or(TraceArchivalShape{});
  return {std::move(shape.name), std::move(shape.description), std::move(shape.default_artifact_root),
          std::move(archival.location), std::move(archival.retention)};
}

struct WorkspaceResponse {
  WorkspaceShape workspace;
};
BOOST_DESCRIBE_STRUCT(WorkspaceResponse, (), (workspace))

struct WorkspacesResponse {
  std::vector<WorkspaceShape> workspaces;
};
BOOST_DESCRIBE_STRUCT(WorkspacesResponse, (), (workspaces))

Result<WorkspacesResponse> List(WorkspaceService& workspaces, const Caller&, Empty) {
  MARU_ASSIGN_OR_RETURN(const std::vector<Workspace> all, workspaces.List());
  WorkspacesResponse response;
  for (const Workspace& workspace : all) response.workspaces.push_back(Shape(workspace));
  return response;
}

Result<WorkspaceResponse> Get(WorkspaceService& workspaces, const http::Request& request, Empty) {
  MARU_ASSIGN_OR_RETURN(const Workspace workspace, workspaces.Get(request.Capture("name")));
  return WorkspaceResponse{Shape(workspace)};
}

Result<WorkspaceResponse> Update(WorkspaceService& workspaces, const http::Request& request, WorkspaceShape changes) {
  changes.name = request.Capture("name");
  const Workspace wanted = FromShape(std::move(changes));
  if (!wanted.description && !wanted.default_artifact_root && !wanted.trace_archival_location &&
      !wanted.trace_archival_retention) {
    return InvalidArgument("Workspace update must have at least one key");
  }
  MARU_ASSIGN_OR_RETURN(const Workspace workspace, workspaces.Update(request.caller, wanted));
  return WorkspaceResponse{Shape(workspace)};
}

// These two answer with statuses of their own.
Result<http::Reply> Create(WorkspaceService& workspaces, const http::Request& request) {
  MARU_ASSIGN_OR_RETURN(WorkspaceShape wanted, DecodeRequest<WorkspaceShape>(request));
  MARU_RETURN_IF_ERROR(Require("name", wanted.name));
  MARU_ASSIGN_OR_RETURN(const Workspace workspace, workspaces.Create(request.caller, FromShape(std::move(wanted))));
  http::Reply reply = http::Reply::Json(json::Encode(WorkspaceResponse{Shape(workspace)}));
  reply.status = 201;
  return reply;
}

Result<http::Reply> Delete(WorkspaceService& workspaces, const http::Request& request) {
  const std::string_view mode = request.Query("mode").value_or("RESTRICT");
  workspaces::Deletion how = workspaces::Deletion::kRestrict;
  if (mode == "CASCADE") {
    how = workspaces::Deletion::kCascade;
  } else if (mode == "SET_DEFAULT") {
    how = workspaces::Deletion::kSetDefault;
  } else if (mode != "RESTRICT") {
    return InvalidArgument("Invalid deletion mode '{}'. Must be one of: SET_DEFAULT, CASCADE, RESTRICT", mode);
  }
  MARU_RETURN_IF_ERROR(workspaces.Delete(request.caller, request.Capture("name"), how));
  http::Reply reply;
  reply.status = 204;
  return reply;
}

constexpr Rpc<WorkspaceService> kWorkspaces[] = {
    {Verb::kGet, "3.0/mlflow/workspaces", Permission::kView, Call<List>},
    {Verb::kPost, "3.0/mlflow/workspaces", Permission::kAdmin, Create},
    {Verb::kGet, "3.0/mlflow/workspaces/{name}", Permission::kView, Call<Get>},
    {Verb::kPatch, "3.0/mlflow/workspaces/{name}", Permission::kAdmin, Call<Update>},
    {Verb::kDelete, "3.0/mlflow/workspaces/{name}", Permission::kAdmin, Delete},
};

struct FeatureFlags {
  bool gateway = false;  // MLflow's LLM gateway; maru's own speaks OpenAI's wire
};
BOOST_DESCRIBE_STRUCT(FeatureFlags, (), (gateway))

struct ServerInfo {
  std::string store_type = "SqlStore";
  bool workspaces_enabled = true;
  bool trace_archival_enabled = false;
  bool multipart_uploads_enabled = false;
  bool multipart_downloads_enabled = false;
  bool presigned_upload_run_id_supported = true;
  bool presigned_upload_model_id_supported = true;
  FeatureFlags features_enabled;
};
BOOST_DESCRIBE_STRUCT(ServerInfo, (),
                      (store_type, workspaces_enabled, trace_archival_enabled, multipart_uploads_enabled,
                       multipart_downloads_enabled, presigned_upload_run_id_supported,
                       presigned_upload_model_id_supported, features_enabled))

}  // namespace

void MountWorkspaces(http::Router& router, WorkspaceService& workspaces) {
  Mount(router, workspaces, kWorkspaces);
}

void MountServerInfo(http::Router& router, ArtifactAbilities abilities) {
  ServerInfo info;
  info.multipart_uploads_enabled = abilities.multipart_uploads;
  info.multipart_downloads_enabled = abilities.multipart_downloads;
  const std::string text = json::Encode(info);
  for (const char* path : {"/api/3.0/mlflow/server-info", "/ajax-api/3.0/mlflow/server-info"}) {
    router.Add({Verb::kGet, path, Permission::kPublic,
                http::Handler([text](const http::Request&) -> Result<http::Reply> { return http::Reply::Json(text); }),
                FormatError});
  }
}

}  // namespace maru::api::mlflow
