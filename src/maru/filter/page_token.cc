#include "maru/filter/page_token.h"

#include <absl/strings/ascii.h>
#include <absl/strings/escaping.h>
#include <absl/strings/numbers.h>
#include <absl/strings/strip.h>

namespace maru::filter {

std::string OffsetToken(std::int64_t offset) {
  return absl::Base64Escape(fmt::format(R"({{"offset": {}}})", offset));
}

Result<std::int64_t> ParseOffsetToken(std::string_view token) {
  if (token.empty()) return 0;
  std::string decoded;
  if (!absl::Base64Unescape(absl::string_view(token.data(), token.size()), &decoded)) {
    return InvalidArgument("Invalid page token, could not base64-decode");
  }
  // One member and no nesting: reading it by hand keeps this module free of a parser.
  const auto strip = [](absl::string_view text) { return absl::StripAsciiWhitespace(text); };
  absl::string_view rest = strip(decoded);
  std::int64_t offset = 0;
  if (absl::ConsumePrefix(&rest, "{") && absl::ConsumeSuffix(&rest, "}") &&
      absl::ConsumePrefix(&(rest = strip(rest)), "\"offset\"") && absl::ConsumePrefix(&(rest = strip(rest)), ":") &&
      absl::SimpleAtoi(strip(rest), &offset) && offset >= 0) {
    return offset;
  }
  return InvalidArgument("Invalid page token, decoded value={}", absl::CHexEscape(decoded));
}

}  // namespace maru::filter
