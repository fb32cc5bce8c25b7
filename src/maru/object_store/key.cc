#include "maru/object_store/key.h"

#include <cstdint>
#include <string>

namespace maru::object_store {
namespace {

constexpr std::size_t kKeyBytesMax = 1024;
constexpr std::size_t kSegmentBytesMax = 255;

// Strict UTF-8: no overlong forms, surrogates, or code points beyond U+10FFFF (Unicode 15, table 3-7).
bool IsUtf8(std::string_view text) {
  for (std::size_t i = 0; i < text.size();) {
    const auto lead = static_cast<std::uint8_t>(text[i]);
    std::size_t length = 1;
    std::uint8_t low = 0x80, high = 0xBF;  // bounds of the second byte
    if (lead >= 0x80) {
      if (lead >= 0xC2 && lead <= 0xDF) {
        length = 2;
      } else if (lead >= 0xE0 && lead <= 0xEF) {
        length = 3;
        if (lead == 0xE0) low = 0xA0;
        if (lead == 0xED) high = 0x9F;
      } else if (lead >= 0xF0 && lead <= 0xF4) {
        length = 4;
        if (lead == 0xF0) low = 0x90;
        if (lead == 0xF4) high = 0x8F;
      } else {
        return false;
      }
    }
    if (i + length > text.size()) return false;
    for (std::size_t j = 1; j < length; ++j) {
      const auto byte = static_cast<std::uint8_t>(text[i + j]);
      if (byte < low || byte > high) return false;
      low = 0x80;
      high = 0xBF;
    }
    i += length;
  }
  return true;
}

// The key as it may stand in a message: control characters and broken UTF-8 would spoil logs and JSON.
std::string Shown(std::string_view key) {
  constexpr std::size_t kShownMax = 200;
  std::string out;
  for (const char c : key.substr(0, kShownMax)) {
    const auto byte = static_cast<unsigned char>(c);
    out += byte < 0x20 || byte >= 0x7F ? '?' : c;
  }
  if (key.size() > kShownMax) out += "...";
  return out;
}

Status ValidateSegment(std::string_view segment, std::string_view key) {
  if (segment.empty()) return InvalidArgument("key \"{}\" has an empty segment", Shown(key));
  if (segment == "." || segment == "..") return InvalidArgument("key \"{}\" has a \"{}\" segment", Shown(key), segment);
  if (segment.size() > kSegmentBytesMax) {
    return InvalidArgument("key \"{}\" has a segment of {} bytes; {} are allowed", Shown(key), segment.size(),
                           kSegmentBytesMax);
  }
  return OkStatus();
}

}  // namespace

Status ValidateKey(std::string_view key) {
  if (key.empty()) return InvalidArgument("a key must not be empty");
  if (key.size() > kKeyBytesMax) {
    return InvalidArgument("key \"{}\" has {} bytes; {} are allowed", Shown(key), key.size(), kKeyBytesMax);
  }
  for (const char c : key) {
    if (c == '\\') return InvalidArgument("key \"{}\" has a backslash; segments are separated by '/'", Shown(key));
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) {
      return InvalidArgument("key \"{}\" has a control character", Shown(key));
    }
  }
  if (!IsUtf8(key)) return InvalidArgument("key \"{}\" is not UTF-8", Shown(key));
  if (key.front() == '/') return InvalidArgument("key \"{}\" is absolute; keys are relative to the store", Shown(key));
  std::string_view rest = key;
  while (true) {
    const std::size_t slash = rest.find('/');
    MARU_RETURN_IF_ERROR(ValidateSegment(rest.substr(0, slash), key));
    if (slash == std::string_view::npos) break;
    rest.remove_prefix(slash + 1);
  }
  if (key.substr(0, key.find('/')) == kStagingSegment) {
    return InvalidArgument("keys below \"{}\" belong to the store itself", kStagingSegment);
  }
  return OkStatus();
}

Result<std::string_view> NormalizePrefix(std::string_view prefix) {
  if (prefix.empty()) return prefix;
  if (prefix.size() > 1 && prefix.back() == '/') prefix.remove_suffix(1);
  MARU_RETURN_IF_ERROR(ValidateKey(prefix));
  return prefix;
}

}  // namespace maru::object_store
