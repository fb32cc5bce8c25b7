#include "maru/json/decode.h"

#include <absl/strings/cord.h>

#include <charconv>
#include <cmath>
#include <limits>

namespace maru::json::decode {
namespace {

constexpr std::size_t kShownBytesMax = 120;

// "abc" and " 1" are not numbers; from_chars is stricter than strtoll and knows no locale.
template <typename T>
bool ParseAll(std::string_view text, T& to) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), to);
  return error == std::errc() && end == text.data() + text.size();
}

}  // namespace

std::string Path::Text() const {
  if (!parent) return "";
  std::string text = parent->Text();
  if (member.empty()) return text + "[" + std::to_string(index) + "]";
  if (!text.empty()) text += '.';
  return text.append(member);
}

Status WrongType(const Path& path, std::string_view wanted, const Element& got) {
  std::string shown = got.Dump();
  if (shown.size() > kShownBytesMax) shown = shown.substr(0, kShownBytesMax) + "…";
  const std::string where = path.Text();
  Status status = InvalidArgument("{}: expected {}, got {}", where.empty() ? "the body" : where, wanted, shown);
  status.SetPayload(kPathPayload, absl::Cord(where));
  status.SetPayload(kGotPayload, absl::Cord(shown));
  return status;
}

Status ReadInt(const Element& from, const Path& path, std::int64_t& to) {
  if (from.kind() == Kind::kInt) {
    to = from.AsInt();
    return OkStatus();
  }
  if (from.kind() == Kind::kString && ParseAll(from.AsString(), to)) return OkStatus();
  if (from.kind() == Kind::kDouble) {
    const double value = from.AsDouble();
    if (std::trunc(value) == value && std::abs(value) < 9.2e18) {
      to = static_cast<std::int64_t>(value);
      return OkStatus();
    }
  }
  return WrongType(path, "an integer", from);
}

Status ReadDouble(const Element& from, const Path& path, double& to) {
  switch (from.kind()) {
    case Kind::kInt:
    case Kind::kUint:
    case Kind::kDouble:
      to = from.AsDouble();
      return OkStatus();
    case Kind::kString: {
      const std::string_view text = from.AsString();
      if (text == "NaN")
        to = std::numeric_limits<double>::quiet_NaN();
      else if (text == "Infinity")
        to = std::numeric_limits<double>::infinity();
      else if (text == "-Infinity")
        to = -std::numeric_limits<double>::infinity();
      else if (!ParseAll(text, to))
        return WrongType(path, "a number", from);
      return OkStatus();
    }
    default:
      return WrongType(path, "a number", from);
  }
}

bool SameName(std::string_view sent, std::string_view member) {
  if (sent == member) return true;
  std::size_t at = 0;
  for (std::size_t i = 0; i < member.size(); ++i, ++at) {
    char c = member[i];
    if (c == '_' && i + 1 < member.size()) {
      c = member[++i];
      if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
    }
    if (at >= sent.size() || sent[at] != c) return false;
  }
  return at == sent.size();
}

}  // namespace maru::json::decode
