#include "maru/http/target.h"

#include <cstdint>

namespace maru::http {
namespace {

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::optional<std::string> Decode(std::string_view encoded, bool plus_is_space) {
  std::string text;
  text.reserve(encoded.size());
  bool ascii = true;
  for (std::size_t i = 0; i < encoded.size(); ++i) {
    char c = encoded[i];
    if (c == '%') {
      if (i + 2 >= encoded.size()) return std::nullopt;
      const int high = HexDigit(encoded[i + 1]);
      const int low = HexDigit(encoded[i + 2]);
      if (high < 0 || low < 0) return std::nullopt;
      c = static_cast<char>(high * 16 + low);
      i += 2;
    } else if (c == '+' && plus_is_space) {
      c = ' ';
    }
    if (c == '\0') return std::nullopt;
    if (static_cast<unsigned char>(c) >= 0x80) ascii = false;
    text += c;
  }
  if (!ascii && !IsUtf8(text)) return std::nullopt;
  return text;
}

}  // namespace

// Table 3-7 of the Unicode standard: well-formed UTF-8 byte sequences.
bool IsUtf8(std::string_view text) {
  std::size_t i = 0;
  while (i < text.size()) {
    const auto lead = static_cast<std::uint8_t>(text[i++]);
    if (lead < 0x80) continue;
    int more;
    std::uint8_t first_min = 0x80;
    std::uint8_t first_max = 0xBF;
    if (lead >= 0xC2 && lead <= 0xDF) {
      more = 1;
    } else if (lead >= 0xE0 && lead <= 0xEF) {
      more = 2;
      if (lead == 0xE0) first_min = 0xA0;
      if (lead == 0xED) first_max = 0x9F;
    } else if (lead >= 0xF0 && lead <= 0xF4) {
      more = 3;
      if (lead == 0xF0) first_min = 0x90;
      if (lead == 0xF4) first_max = 0x8F;
    } else {
      return false;
    }
    for (; more > 0; --more) {
      if (i == text.size()) return false;
      const auto byte = static_cast<std::uint8_t>(text[i++]);
      if (byte < first_min || byte > first_max) return false;
      first_min = 0x80;
      first_max = 0xBF;
    }
  }
  return true;
}

std::optional<std::string> DecodePath(std::string_view encoded) {
  return Decode(encoded, false);
}

std::optional<std::vector<std::pair<std::string, std::string>>> DecodeQuery(std::string_view encoded) {
  std::vector<std::pair<std::string, std::string>> pairs;
  while (!encoded.empty()) {
    const std::string_view part = encoded.substr(0, encoded.find('&'));
    encoded.remove_prefix(std::min(part.size() + 1, encoded.size()));
    if (part.empty()) continue;
    const std::size_t equals = part.find('=');
    std::optional<std::string> key = Decode(part.substr(0, equals), true);
    std::optional<std::string> value =
        equals == std::string_view::npos ? std::string() : Decode(part.substr(equals + 1), true);
    if (!key || !value) return std::nullopt;
    pairs.emplace_back(*std::move(key), *std::move(value));
  }
  return pairs;
}

}  // namespace maru::http
