#include "maru/registry/version_source.h"

#include <absl/strings/ascii.h>
#include <absl/strings/match.h>
#include <absl/strings/str_split.h>

#include <algorithm>
#include <vector>

namespace maru::registry {
namespace {

absl::string_view Absl(std::string_view text) {
  return {text.data(), text.size()};
}

// RFC 3986's scheme://authority/path; query and fragment are dropped.
struct Uri {
  std::string scheme, authority, path;
};

Uri SplitUri(std::string_view text) {
  Uri uri;
  const std::size_t colon = text.find(':');
  if (colon != text.npos && colon > 0 && absl::ascii_isalpha(text[0]) &&
      std::all_of(text.begin(), text.begin() + colon,
                  [](unsigned char c) { return absl::ascii_isalnum(c) || c == '+' || c == '-' || c == '.'; })) {
    uri.scheme = absl::AsciiStrToLower(Absl(text.substr(0, colon)));
    text.remove_prefix(colon + 1);
  }
  text = text.substr(0, text.find_first_of("?#"));
  if (text.starts_with("//")) {
    text.remove_prefix(2);
    const std::size_t end = std::min(text.find('/'), text.size());
    uri.authority = absl::AsciiStrToLower(Absl(text.substr(0, end)));
    text.remove_prefix(end);
  }
  uri.path = text;
  return uri;
}

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// Percent-decodes until nothing is left to decode, so that an escape encoded twice is seen.
std::string FullyDecoded(std::string text) {
  for (bool again = true; again;) {
    again = false;
    std::string decoded;
    for (std::size_t i = 0; i < text.size(); ++i) {
      if (text[i] == '%' && i + 2 < text.size() && HexDigit(text[i + 1]) >= 0 && HexDigit(text[i + 2]) >= 0) {
        decoded += static_cast<char>(HexDigit(text[i + 1]) * 16 + HexDigit(text[i + 2]));
        i += 2;
        again = true;
      } else {
        decoded += text[i];
      }
    }
    text = std::move(decoded);
  }
  return text;
}

std::vector<std::string> Segments(std::string_view path) {
  std::vector<std::string> segments;
  for (absl::string_view segment : absl::StrSplit(Absl(path), '/', absl::SkipEmpty())) {
    segments.push_back(FullyDecoded(std::string(segment)));
  }
  return segments;
}

bool StartsWith(const std::vector<std::string>& whole, const std::vector<std::string>& start) {
  return start.size() <= whole.size() && std::equal(start.begin(), start.end(), whole.begin());
}

bool IsWithin(std::string_view source, std::string_view root) {
  const Uri inner = SplitUri(source), outer = SplitUri(root);
  const std::vector<std::string> outer_segments = Segments(outer.path);
  return inner.scheme == outer.scheme && inner.authority == outer.authority && !outer_segments.empty() &&
         StartsWith(Segments(inner.path), outer_segments);
}

bool IsLocal(const Uri& uri) {
  return uri.scheme.empty() || uri.scheme == "file";
}

// A local path or file: URI as absolute path segments, "." and ".." resolved; nothing when it is relative.
std::optional<std::vector<std::string>> LocalSegments(const Uri& uri) {
  if (!uri.path.starts_with('/')) return std::nullopt;
  std::vector<std::string> resolved;
  for (std::string& segment : Segments(uri.path)) {
    if (segment == ".") continue;
    if (segment == "..") {
      if (!resolved.empty()) resolved.pop_back();
      continue;
    }
    resolved.push_back(std::move(segment));
  }
  return resolved;
}

bool IsInOurStorage(const Uri& uri) {
  if (uri.scheme == "mlflow-artifacts") return true;
  if (uri.scheme != "http" && uri.scheme != "https") return false;
  const std::vector<std::string> route = {"api", "2.0", "mlflow-artifacts", "artifacts"};
  const std::vector<std::string> segments = Segments(uri.path);
  return std::search(segments.begin(), segments.end(), route.begin(), route.end()) != segments.end();
}

Status CheckNoRelativeParts(std::string_view source) {
  const std::string decoded = FullyDecoded(std::string(source));
  std::string path = SplitUri(decoded).path;
  bool plain = path.find('\0') == path.npos && path.starts_with('/');
  for (absl::string_view segment : absl::StrSplit(decoded, '/')) plain = plain && segment != "..";
  for (absl::string_view segment : absl::StrSplit(path, '/')) plain = plain && segment != ".";
  if (plain) return OkStatus();
  return InvalidArgument(
      "Invalid model version source: '{}'. If supplying a source as an http, https, local file path, ftp, objectstore, "
      "or mlflow-artifacts uri, an absolute path must be provided without relative path references present. Please "
      "provide an absolute path.",
      source);
}

Status NotTheOrigins(std::string_view source, std::string_view parameter) {
  return InvalidArgument(
      "Invalid model version source: '{}'. The {} request parameter must identify the resource that contains the "
      "source.",
      source, parameter);
}

}  // namespace

bool IsModelAddress(std::string_view source) {
  return SplitUri(source).scheme == "models";
}

Result<ModelAddress> ParseModelAddress(std::string_view address) {
  const Status improper = InvalidArgument(
      "Not a proper models:/ URI: {}. Models URIs must be of the form 'models:/name/suffix' or 'models:/name@alias' "
      "where suffix is a version, stage, or the string 'latest' and where alias is a registered model alias. Only one "
      "of suffix or alias can be defined at a time.",
      address);
  const Uri uri = SplitUri(address);
  if (uri.scheme != "models" || !uri.authority.empty() || uri.path.size() < 2 || uri.path[0] != '/') return improper;
  const std::vector<std::string> parts = absl::StrSplit(absl::StripPrefix(uri.path, "/"), '/');
  if (parts.size() > 2 || absl::StripAsciiWhitespace(parts[0]).empty()) return improper;

  ModelAddress parsed;
  if (parts.size() == 2) {
    const std::string& suffix = parts[1];
    if (absl::StripAsciiWhitespace(suffix).empty()) return improper;
    parsed.name = parts[0];
    if (std::all_of(suffix.begin(), suffix.end(), [](unsigned char c) { return absl::ascii_isdigit(c); })) {
      parsed.version = suffix;
    } else if (!absl::EqualsIgnoreCase(suffix, "latest")) {
      parsed.stage = suffix;
    }
    return parsed;
  }
  const std::size_t at = parts[0].rfind('@');
  if (at == std::string::npos) {
    parsed.logged_model_id = parts[0];
    return parsed;
  }
  parsed.name = parts[0].substr(0, at);
  parsed.alias = parts[0].substr(at + 1);
  if (absl::StripAsciiWhitespace(parsed.alias).empty()) return improper;
  return parsed;
}

Status CheckVersionSource(const Caller& caller, ModelOrigins& origins, std::string_view source, std::string_view run_id,
                          std::string_view logged_model_id) {
  const bool by_model = !logged_model_id.empty();
  const std::string_view parameter = by_model ? "model_id" : "run_id";
  const bool has_origin = by_model || !run_id.empty();
  const auto origin_root = [&]() -> Result<std::string> {
    Result<Origin> origin = by_model ? origins.LoggedModel(caller, logged_model_id) : origins.Run(caller, run_id);
    if (absl::IsNotFound(origin.status())) return NotTheOrigins(source, parameter);
    if (!origin.ok()) return origin.status();
    return std::move(origin->artifact_uri);
  };

  const Uri uri = SplitUri(source);
  if (IsLocal(uri)) {
    if (has_origin) {
      MARU_ASSIGN_OR_RETURN(const std::string root_text, origin_root());
      const Uri root = SplitUri(root_text);
      if (IsLocal(root)) {
        const auto inner = LocalSegments(uri), outer = LocalSegments(root);
        if (inner && outer && StartsWith(*inner, *outer)) return OkStatus();
      }
    }
    return InvalidArgument(
        "Invalid model version source: '{}'. To use a local path as a model version source, the {} request parameter "
        "has to be specified and the local path has to be contained within the artifact directory of the run specified "
        "by the {}.",
        source, parameter, parameter);
  }

  MARU_RETURN_IF_ERROR(CheckNoRelativeParts(source));
  if (uri.scheme == "runs") {
    const std::vector<std::string> segments = Segments(uri.path);
    const bool same_run = !by_model && uri.authority.empty() && !segments.empty() && segments[0] == run_id;
    return same_run ? OkStatus() : NotTheOrigins(source, parameter);
  }
  if (uri.scheme == "models") {
    const Result<ModelAddress> address = ParseModelAddress(source);
    if (!address.ok()) return NotTheOrigins(source, "model_id");
    if (address->logged_model_id.empty() || address->logged_model_id == logged_model_id) return OkStatus();
    return NotTheOrigins(source, "model_id");
  }
  if (IsInOurStorage(uri)) {
    if (!has_origin) return NotTheOrigins(source, parameter);
    MARU_ASSIGN_OR_RETURN(const std::string root, origin_root());
    if (!IsWithin(source, root)) return NotTheOrigins(source, parameter);
  }
  return OkStatus();
}

Status CheckPromptSource(std::string_view source) {
  if (source == "dummy-source" || source == "prompt-template") return OkStatus();
  return InvalidArgument("Invalid prompt source: '{}'. Prompt sources must use an MLflow placeholder.", source);
}

}  // namespace maru::registry
