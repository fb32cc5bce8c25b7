#include "maru/traces/json_text.h"

#include <charconv>
#include <cmath>

#include "maru/json/json.h"

namespace maru::traces {

// Python prints the shortest digits that read back the same, in fixed notation for exponents from -4 to 15
// (Objects/floatobject.c, repr style 'r').
void AppendDouble(std::string& out, double value) {
  if (std::isnan(value)) {
    out += "NaN";
    return;
  }
  if (std::isinf(value)) {
    out += value > 0 ? "Infinity" : "-Infinity";
    return;
  }
  char text[400];
  const double size = std::fabs(value);
  const bool fixed = size == 0 || (size >= 1e-4 && size < 1e16);
  const auto [end, error] =
      std::to_chars(text, text + sizeof(text), value, fixed ? std::chars_format::fixed : std::chars_format::scientific);
  const std::string_view digits(text, static_cast<std::size_t>(end - text));
  out += digits;
  if (fixed && digits.find('.') == std::string_view::npos) out += ".0";
}

void AppendText(std::string& out, std::string_view text) {
  json::encode::AppendQuoted(out, text);
}

void AppendElement(std::string& out, const json::Element& element) {
  switch (element.kind()) {
    case json::Kind::kNull:
      out += "null";
      return;
    case json::Kind::kBool:
      out += element.AsBool() ? "true" : "false";
      return;
    case json::Kind::kInt:
      json::encode::Append(out, element.AsInt());
      return;
    case json::Kind::kUint:
      json::encode::Append(out, element.AsUint());
      return;
    case json::Kind::kDouble:
      AppendDouble(out, element.AsDouble());
      return;
    case json::Kind::kString:
      AppendText(out, element.AsString());
      return;
    case json::Kind::kArray: {
      out += '[';
      element.ForEachItem([&](std::size_t index, json::Element item) {
        if (index > 0) out += ", ";
        AppendElement(out, item);
        return true;
      });
      out += ']';
      return;
    }
    case json::Kind::kObject: {
      out += '{';
      bool first = true;
      element.ForEachField([&](std::string_view name, json::Element value) {
        if (!first) out += ", ";
        first = false;
        AppendText(out, name);
        out += ": ";
        AppendElement(out, value);
        return true;
      });
      out += '}';
      return;
    }
  }
}

std::string_view FirstCharacters(std::string_view text, std::size_t characters) {
  std::size_t end = 0;
  while (end < text.size()) {
    const bool starts = (static_cast<unsigned char>(text[end]) & 0xC0) != 0x80;
    if (starts && characters-- == 0) break;
    ++end;
  }
  return text.substr(0, end);
}

std::size_t CountCharacters(std::string_view text) {
  std::size_t count = 0;
  for (const char c : text) count += (static_cast<unsigned char>(c) & 0xC0) != 0x80;
  return count;
}

bool DecodeJsonString(std::string_view value, std::string& out) {
  if (value.size() < 2 || value.front() != '"') return false;
  const Result<json::Element> parsed = json::Parse(value);
  if (!parsed.ok() || parsed->kind() != json::Kind::kString) return false;
  out = parsed->AsString();
  return true;
}

}  // namespace maru::traces
