#include "maru/workspaces/workspace_settings.h"

#include <absl/strings/ascii.h>

#include <algorithm>

namespace maru::workspaces {
namespace {

constexpr std::size_t kNameMin = 2, kNameMax = 63;
constexpr std::size_t kArtifactRootMax = 2'048;

bool IsLowerOrDigit(unsigned char c) {
  return absl::ascii_islower(c) || absl::ascii_isdigit(c);
}

// "s3" of "s3://bucket"; a single letter is a Windows drive, not a scheme.
bool HasScheme(std::string_view uri) {
  const std::size_t colon = uri.find(':');
  return colon != uri.npos && colon > 1 && absl::ascii_isalpha(uri[0]) &&
         std::all_of(uri.begin(), uri.begin() + colon,
                     [](unsigned char c) { return absl::ascii_isalnum(c) || c == '+' || c == '-' || c == '.'; });
}

Status CheckArtifactRoot(std::string_view uri) {
  if (uri.find_first_of("#;") != uri.npos) {
    return InvalidArgument("'default_artifact_root' URL can't include fragments or params.");
  }
  if (uri.starts_with("runs:")) {
    return InvalidArgument("Artifact location cannot be a runs:/ URI. Given: '{}'", uri);
  }
  if (uri.size() > kArtifactRootMax) {
    return InvalidArgument(
        "Invalid artifact path length. The length of the artifact path cannot be greater than {} characters.",
        kArtifactRootMax);
  }
  if (HasScheme(uri) || uri.starts_with('/')) return OkStatus();
  return InvalidArgument(
      "Invalid value for 'default_artifact_root'. Expected a URI (for example 's3://bucket/prefix' or "
      "'mlflow-artifacts:/prefix') or an absolute path, got '{}'.",
      uri);
}

Status CheckRetention(std::string_view text) {
  const bool fits = text.size() >= 2 && text.size() <= 32 &&
                    std::all_of(text.begin(), text.end() - 1, [](unsigned char c) { return absl::ascii_isdigit(c); }) &&
                    (text.back() == 'm' || text.back() == 'h' || text.back() == 'd');
  if (fits) return OkStatus();
  return InvalidArgument(
      "Invalid value for 'trace_archival_config.retention'. Expected a duration in the form `<int><unit>`, where unit "
      "is "
      "one of 'm', 'h', or 'd' (for example '30d' or '12h').");
}

void Trim(std::optional<std::string>& text) {
  if (text) absl::StripAsciiWhitespace(&*text);
}

}  // namespace

Status CheckWorkspaceName(std::string_view name) {
  if (name.size() < kNameMin || name.size() > kNameMax) {
    return InvalidArgument("Workspace name '{}' must be between {} and {} characters.", name, kNameMin, kNameMax);
  }
  const bool shaped = IsLowerOrDigit(name.front()) && IsLowerOrDigit(name.back()) &&
                      std::all_of(name.begin(), name.end(), [](char c) { return IsLowerOrDigit(c) || c == '-'; });
  if (!shaped) {
    return InvalidArgument(
        "Workspace name '{}' must match the pattern ^[a-z0-9]([-a-z0-9]*[a-z0-9])?$ (lowercase alphanumeric with "
        "optional internal hyphens).",
        name);
  }
  for (const std::string_view reserved : {"workspaces", "api", "ajax-api", "static-files"}) {
    if (name == reserved) return InvalidArgument("Workspace name '{}' is reserved and cannot be used.", name);
  }
  return OkStatus();
}

Status SettleSettings(Workspace& workspace) {
  Trim(workspace.default_artifact_root);
  Trim(workspace.trace_archival_location);
  Trim(workspace.trace_archival_retention);
  if (const std::string root = workspace.default_artifact_root.value_or(""); !root.empty()) {
    MARU_RETURN_IF_ERROR(CheckArtifactRoot(root));
  }
  if (const std::string retention = workspace.trace_archival_retention.value_or(""); !retention.empty()) {
    MARU_RETURN_IF_ERROR(CheckRetention(retention));
  }
  return OkStatus();
}

}  // namespace maru::workspaces
