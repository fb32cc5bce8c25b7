// Percent-encoding in request targets (RFC 3986), decoded once and only here.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace maru::http {

// Nothing when an escape is broken or the result holds a NUL or is not UTF-8: such text fits no name of ours, and
// databases and JSON would choke on it later.
std::optional<std::string> DecodePath(std::string_view encoded);

// "a=1&b=x+y" as decoded pairs in order; nothing on what DecodePath refuses too. '+' is a space.
std::optional<std::vector<std::pair<std::string, std::string>>> DecodeQuery(std::string_view encoded);

bool IsUtf8(std::string_view text);

}  // namespace maru::http
