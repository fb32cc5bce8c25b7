#include "maru/artifacts/artifact_path.h"

#include <cctype>

#include "maru/object_store/key.h"

namespace maru::artifacts {
namespace {

constexpr std::string_view kDefaultWorkspace = "default";
constexpr std::string_view kWorkspaces = "workspaces";
constexpr int kDecodingsMax = 10;

int HexValue(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::string DecodeOnce(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size() && HexValue(text[i + 1]) >= 0 && HexValue(text[i + 2]) >= 0) {
      out += static_cast<char>(HexValue(text[i + 1]) << 4 | HexValue(text[i + 2]));
      i += 2;
    } else {
      out += text[i];
    }
  }
  return out;
}

bool IsSafe(std::string_view path) {
  if (path.empty()) return true;
  if (path.find('#') != std::string_view::npos || path.starts_with("file:")) return false;
  const bool has_drive = path.size() >= 2 && std::isalpha(static_cast<unsigned char>(path[0])) && path[1] == ':';
  if (has_drive && (path.size() == 2 || path[2] == '/')) return false;
  return object_store::ValidateKey(path).ok();
}

std::string_view WithoutSlash(std::string_view path) {
  if (path.size() > 1 && path.ends_with('/')) path.remove_suffix(1);
  return path;
}

}  // namespace

Result<std::string> CleanPath(std::string_view path) {
  path = WithoutSlash(path);
  std::string decoded(path);
  for (int i = 0; i < kDecodingsMax; ++i) {
    if (!IsSafe(WithoutSlash(decoded))) return InvalidArgument("Invalid path");
    std::string next = DecodeOnce(decoded);
    if (next == decoded) return std::string(path);
    decoded = std::move(next);
  }
  return InvalidArgument("Invalid path");
}

std::string Join(std::string_view root, std::string_view path) {
  if (root.empty() || path.empty()) return std::string(root.empty() ? path : root);
  return std::string(root) + "/" + std::string(path);
}

std::optional<std::string> ProxiedPath(std::string_view uri) {
  constexpr std::string_view kScheme = "mlflow-artifacts:";
  constexpr std::string_view kRoute = "/api/2.0/mlflow-artifacts/artifacts";
  if (uri.starts_with(kScheme)) {
    uri.remove_prefix(kScheme.size());
    if (uri.starts_with("//")) {
      uri.remove_prefix(2);
      uri.remove_prefix(std::min(uri.find('/'), uri.size()));
    }
  } else if (uri.starts_with("http://") || uri.starts_with("https://")) {
    const std::size_t at = uri.find(kRoute);
    if (at == std::string_view::npos) return std::nullopt;
    uri.remove_prefix(at + kRoute.size());
  } else {
    return std::nullopt;
  }
  while (uri.starts_with('/')) uri.remove_prefix(1);
  while (uri.ends_with('/')) uri.remove_suffix(1);
  return std::string(uri);
}

Result<std::string> WorkspaceKey(std::string_view workspace, std::string_view path) {
  const bool is_default = workspace.empty() || workspace == kDefaultWorkspace;
  const std::string_view first = path.substr(0, path.find('/'));
  if (first == kWorkspaces) {
    const std::string_view rest = path.substr(std::min(path.size(), first.size() + 1));
    const std::string_view named = rest.substr(0, rest.find('/'));
    if (named.empty()) {
      return InvalidArgument("Artifact paths prefixed with 'workspaces/' must include a workspace name.");
    }
    if (named != (is_default ? kDefaultWorkspace : workspace)) {
      return InvalidArgument("the artifact path is in workspace '{}', the request in workspace '{}'", named, workspace);
    }
    return std::string(path);
  }
  if (is_default) return std::string(path);
  return Join(Join(kWorkspaces, workspace), path);
}

}  // namespace maru::artifacts
