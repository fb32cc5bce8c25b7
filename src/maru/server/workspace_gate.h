// Finds the workspace that a request is about, by MLflow's header, after its sender has been let in.
#pragma once

#include "maru/http/server.h"
#include "maru/workspaces/workspace_service.h"

namespace maru::server {

class WorkspaceGate final : public http::Gatekeeper {
 public:
  // `inner` says who the sender is; null lets everybody in. Both must outlive the gate.
  WorkspaceGate(workspaces::WorkspaceService& workspaces, http::Gatekeeper* inner)
      : workspaces_(workspaces), inner_(inner) {}

  Status Admit(http::Request& request, const http::Route& route) override {
    if (inner_ != nullptr) MARU_RETURN_IF_ERROR(inner_->Admit(request, route));
    // What anybody may ask must be answered even to those whose workspace is gone.
    if (route.permission == Permission::kPublic || !request.headers.Has("X-MLFLOW-WORKSPACE")) return OkStatus();
    MARU_ASSIGN_OR_RETURN(request.caller.workspace, workspaces_.Choose(request.headers.Get("X-MLFLOW-WORKSPACE")));
    return OkStatus();
  }

  void Challenge(const http::Request& request, const Status& refusal, http::Reply& reply) override {
    if (inner_ != nullptr) inner_->Challenge(request, refusal, reply);
  }

 private:
  workspaces::WorkspaceService& workspaces_;
  http::Gatekeeper* const inner_;
};

}  // namespace maru::server
