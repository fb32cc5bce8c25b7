#include "maru/json/encode.h"

#include "maru/json/json.h"

#include <charconv>
#include <cmath>

namespace maru::json {
namespace encode {
namespace {

template <typename T>
void AppendNumber(std::string& out, T value) {
  char text[32];
  const auto [end, error] = std::to_chars(text, text + sizeof(text), value);
  out.append(text, end);
}

}  // namespace

void Append(std::string& out, std::int64_t value) {
  AppendNumber(out, value);
}
void Append(std::string& out, std::uint64_t value) {
  AppendNumber(out, value);
}

void Append(std::string& out, double value) {
  if (std::isnan(value))
    out += "\"NaN\"";
  else if (std::isinf(value))
    out += value > 0 ? "\"Infinity\"" : "\"-Infinity\"";
  else
    AppendNumber(out, value);
}

void AppendQuoted(std::string& out, std::string_view text) {
  constexpr char kHex[] = "0123456789abcdef";
  out += '"';
  std::size_t copied = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const unsigned char c = static_cast<unsigned char>(text[i]);
    if (c >= 0x20 && c != '"' && c != '\\') continue;
    out.append(text.substr(copied, i - copied));
    copied = i + 1;
    switch (c) {
      case '"':
        out += "\\\"";
        break;
      case '\\':
        out += "\\\\";
        break;
      case '\n':
        out += "\\n";
        break;
      case '\r':
        out += "\\r";
        break;
      case '\t':
        out += "\\t";
        break;
      default:
        out += "\\u00";
        out += kHex[c >> 4];
        out += kHex[c & 15];
    }
  }
  out.append(text.substr(copied));
  out += '"';
}

}  // namespace encode

std::string Quote(std::string_view text) {
  std::string out;
  encode::AppendQuoted(out, text);
  return out;
}

}  // namespace maru::json
