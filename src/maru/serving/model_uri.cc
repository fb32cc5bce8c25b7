#include "maru/serving/model_uri.h"

#include <algorithm>

namespace maru::serving {
namespace {

constexpr std::string_view kScheme = "models:/";

bool IsNumber(std::string_view text) {
  return !text.empty() && text.size() <= 18 && text.find_first_not_of("0123456789") == std::string_view::npos;
}

Status Malformed(std::string_view text) {
  return InvalidArgument(
      "\"{}\" is no model address; write models:/NAME@ALIAS to follow an alias, or models:/NAME/VERSION for one "
      "version",
      text);
}

}  // namespace

Result<ModelUri> ParseModelUri(std::string_view text) {
  if (!text.starts_with(kScheme)) return Malformed(text);
  std::string_view rest = text.substr(kScheme.size());
  while (rest.starts_with('/')) rest.remove_prefix(1);  // models://name is written too
  ModelUri uri;
  // The last separator counts: names may hold '@', aliases may not.
  const std::size_t at = rest.rfind('@'), slash = rest.rfind('/');
  if (at != std::string_view::npos && (slash == std::string_view::npos || at > slash)) {
    uri.name = rest.substr(0, at);
    uri.alias = rest.substr(at + 1);
    if (uri.alias.empty()) return Malformed(text);
  } else if (slash != std::string_view::npos && IsNumber(rest.substr(slash + 1))) {
    uri.name = rest.substr(0, slash);
    uri.version = rest.substr(slash + 1);
  } else {
    return Malformed(text);
  }
  if (uri.name.empty()) return Malformed(text);
  return uri;
}

}  // namespace maru::serving
