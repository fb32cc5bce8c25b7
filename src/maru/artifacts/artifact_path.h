// Paths of artifacts as clients write them, and the roots that they are relative to. Pure functions.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "maru/base/status.h"

namespace maru::artifacts {

// A relative path, without a slash at its end; "" is the root itself. kInvalidArgument for everything that could lead
// elsewhere, also when it is percent-encoded several times over: "..", absolute paths (also of Windows), backslashes,
// control characters, "#" and file: URIs, which MLflow refuses too.
Result<std::string> CleanPath(std::string_view path);

// `path` below `root`, either of which may be empty.
std::string Join(std::string_view root, std::string_view path);

// The path behind a root URI that goes through an artifact proxy: mlflow-artifacts:/PATH, mlflow-artifacts://HOST/PATH
// or http(s)://HOST/…/api/2.0/mlflow-artifacts/artifacts/PATH. Nothing for other URIs.
std::optional<std::string> ProxiedPath(std::string_view uri);

// The key in a workspace's part of the store: "workspaces/NAME/PATH", and PATH itself in the workspace "default".
// kInvalidArgument for a path into another workspace's part.
Result<std::string> WorkspaceKey(std::string_view workspace, std::string_view path);

}  // namespace maru::artifacts
