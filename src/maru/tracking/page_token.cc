#include "maru/tracking/page_token.h"

#include <absl/strings/escaping.h>

#include "maru/json/json.h"

namespace maru::tracking {
namespace {

struct Token {
  std::int64_t offset = -1;
};
BOOST_DESCRIBE_STRUCT(Token, (), (offset))

}  // namespace

std::string MakePageToken(std::int64_t offset) {
  return absl::Base64Escape(fmt::format("{{\"offset\": {}}}", offset));
}

Result<std::int64_t> ParsePageToken(std::string_view token) {
  if (token.empty()) return 0;
  std::string text;
  if (!absl::Base64Unescape(absl::string_view(token.data(), token.size()), &text)) {
    return InvalidArgument("Invalid page token, could not base64-decode");
  }
  const auto parsed = json::Decode<Token>(text);
  if (!parsed.ok() || parsed->offset < 0) return InvalidArgument("Invalid page token, decoded value={}", text);
  return parsed->offset;
}

}  // namespace maru::tracking
