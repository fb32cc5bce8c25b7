#include "maru/registry/names.h"

#include <absl/strings/ascii.h>
#include <absl/strings/match.h>
#include <absl/strings/numbers.h>
#include <absl/strings/str_split.h>

#include <algorithm>
#include <string>
#include <vector>

#include "maru/json/json.h"

namespace maru::registry {
namespace {

constexpr std::size_t kTagKeyMax = 250;
constexpr std::size_t kTagValueMax = 100'000;
constexpr std::size_t kAliasMax = 255;

// Limits count characters, not bytes.
std::size_t CharacterCount(std::string_view utf8) {
  return std::count_if(utf8.begin(), utf8.end(), [](unsigned char c) { return (c & 0xC0) != 0x80; });
}

// What a file system would make of the name: empty and "." segments dropped, ".." resolved.
std::string ResolvedPath(std::string_view name) {
  if (name.empty()) return ".";
  std::vector<std::string_view> kept;
  const bool absolute = name.front() == '/';
  for (absl::string_view part : absl::StrSplit(absl::string_view(name.data(), name.size()), '/')) {
    const std::string_view segment(part.data(), part.size());
    if (segment.empty() || segment == ".") continue;
    if (segment == ".." && !kept.empty() && kept.back() != "..") {
      kept.pop_back();
    } else if (segment != ".." || !absolute) {
      kept.push_back(segment);
    }
  }
  std::string path = absolute ? "/" : "";
  for (std::size_t i = 0; i < kept.size(); ++i) {
    if (i > 0) path += '/';
    path += kept[i];
  }
  return path.empty() ? "." : path;
}

Status CheckResolvesToItself(std::string_view name, std::string_view parameter) {
  const std::string resolved = ResolvedPath(name);
  if (resolved == name && resolved != "." && !resolved.starts_with("..") && !resolved.starts_with("/")) {
    return OkStatus();
  }
  return InvalidArgument(
      "Invalid value {} for parameter '{}' supplied: Names may be treated as files in certain cases, and must not "
      "resolve to other names when treated as such. This name would resolve to '{}'",
      json::Quote(name), parameter, resolved);
}

Status CheckLength(std::string_view what, std::string_view value, std::size_t limit) {
  if (value.size() <= limit || CharacterCount(value) <= limit) return OkStatus();
  return InvalidArgument("'{}' exceeds the maximum length of {} characters", what, limit);
}

// Letters and digits of every script: any byte beyond ASCII is part of one.
bool IsWordCharacter(unsigned char c) {
  return absl::ascii_isalnum(c) || c == '_' || c >= 0x80;
}

}  // namespace

Status CheckModelName(std::string_view name, std::string_view parameter) {
  if (std::all_of(name.begin(), name.end(), [](unsigned char c) { return absl::ascii_isspace(c); })) {
    return InvalidArgument("Missing value for required parameter '{}'.", parameter);
  }
  if (name.find_first_of("/:") != name.npos) {
    return InvalidArgument("Invalid model name '{}'. Names cannot contain '/' or ':'.", name);
  }
  return CheckResolvesToItself(name, "name");
}

Result<std::int64_t> ParseVersion(std::string_view text) {
  std::int64_t version = 0;
  if (!absl::SimpleAtoi(absl::string_view(text.data(), text.size()), &version)) {
    return InvalidArgument("Parameter 'version' must be an integer, got '{}'.", text);
  }
  return version;
}

Status CheckTagKey(std::string_view key) {
  const bool known_characters = std::all_of(key.begin(), key.end(), [](unsigned char c) {
    return IsWordCharacter(c) || c == '/' || c == '.' || c == '-' || c == ' ' || c == ':';
  });
  if (!known_characters) {
    return InvalidArgument(
        "Invalid value {} for parameter 'key' supplied: Names may only contain alphanumerics, underscores (_), dashes "
        "(-), periods (.), spaces ( ), colon(:) and slashes (/).",
        json::Quote(key));
  }
  return CheckResolvesToItself(key, "key");
}

Status CheckTag(std::string_view key, std::string_view value) {
  MARU_RETURN_IF_ERROR(CheckTagKey(key));
  MARU_RETURN_IF_ERROR(CheckLength("key", key, kTagKeyMax));
  if (key == kPromptTextTag && CharacterCount(value) > kTagValueMax) {
    return InvalidArgument("Prompt text exceeds max length of {} characters.", kTagValueMax);
  }
  return CheckLength("value", value, kTagValueMax);
}

Status CheckAlias(std::string_view alias) {
  if (alias.empty()) return InvalidArgument("Registered model alias name cannot be empty.");
  if (!std::all_of(alias.begin(), alias.end(), [](unsigned char c) { return IsWordCharacter(c) || c == '-'; })) {
    return InvalidArgument(
        "Invalid alias name: '{}'. Names may only contain alphanumerics, underscores (_), and dashes (-).", alias);
  }
  return CheckLength("Registered model alias name", alias, kAliasMax);
}

Status CheckNewAlias(std::string_view alias) {
  MARU_RETURN_IF_ERROR(CheckAlias(alias));
  if (absl::EqualsIgnoreCase(absl::string_view(alias.data(), alias.size()), "latest")) {
    return InvalidArgument("'latest' alias name (case insensitive) is reserved.");
  }
  if (alias.size() > 1 && (alias[0] == 'v' || alias[0] == 'V') &&
      std::all_of(alias.begin() + 1, alias.end(), [](unsigned char c) { return absl::ascii_isdigit(c); })) {
    return InvalidArgument("Version alias name '{}' is reserved.", alias);
  }
  return OkStatus();
}

Result<std::string_view> CanonicalStage(std::string_view stage) {
  for (const char* known : kStages) {
    if (absl::EqualsIgnoreCase(absl::string_view(stage.data(), stage.size()), known)) return known;
  }
  return InvalidArgument("Invalid Model Version stage: {}. Value must be one of None, Staging, Production, Archived.",
                         stage);
}

bool SaysPrompt(const Tags& tags) {
  const auto tag = tags.find(kIsPromptTag);
  return tag != tags.end() && absl::EqualsIgnoreCase(tag->second, "true");
}

}  // namespace maru::registry
