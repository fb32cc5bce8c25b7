#include "maru/object_store/s3_xml.h"

#include <charconv>
#include <cstdint>

namespace maru::object_store {
namespace {

void AppendUtf8(std::string& out, std::uint32_t code) {
  if (code < 0x80) {
    out += static_cast<char>(code);
  } else if (code < 0x800) {
    out += static_cast<char>(0xC0 | code >> 6);
    out += static_cast<char>(0x80 | (code & 0x3F));
  } else if (code < 0x10000) {
    out += static_cast<char>(0xE0 | code >> 12);
    out += static_cast<char>(0x80 | (code >> 6 & 0x3F));
    out += static_cast<char>(0x80 | (code & 0x3F));
  } else {
    out += static_cast<char>(0xF0 | code >> 18);
    out += static_cast<char>(0x80 | (code >> 12 & 0x3F));
    out += static_cast<char>(0x80 | (code >> 6 & 0x3F));
    out += static_cast<char>(0x80 | (code & 0x3F));
  }
}

// False for an entity that does not exist.
bool AppendEntity(std::string& out, std::string_view name) {
  if (name == "amp")
    out += '&';
  else if (name == "lt")
    out += '<';
  else if (name == "gt")
    out += '>';
  else if (name == "quot")
    out += '"';
  else if (name == "apos")
    out += '\'';
  else if (name.starts_with('#')) {
    const bool is_hex = name.starts_with("#x");
    name.remove_prefix(is_hex ? 2 : 1);
    std::uint32_t code = 0;
    const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), code, is_hex ? 16 : 10);
    if (error != std::errc() || end != name.data() + name.size() || code == 0 || code > 0x10FFFF) return false;
    AppendUtf8(out, code);
  } else {
    return false;
  }
  return true;
}

bool Unescape(std::string_view text, std::string& out) {
  while (!text.empty()) {
    const std::size_t amp = text.find('&');
    out += text.substr(0, amp);
    if (amp == std::string_view::npos) return true;
    const std::size_t end = text.find(';', amp);
    if (end == std::string_view::npos || !AppendEntity(out, text.substr(amp + 1, end - amp - 1))) return false;
    text.remove_prefix(end + 1);
  }
  return true;
}

}  // namespace

Status ReadXml(std::string_view text, absl::FunctionRef<void(std::string_view, std::string)> on_leaf,
               absl::FunctionRef<void(std::string_view)> on_end) {
  std::string path, value;
  bool is_leaf = false;
  bool seen_root = false;
  std::size_t at = 0;
  while (true) {
    const std::size_t open = text.find('<', at);
    if (!path.empty() && !Unescape(text.substr(at, open - at), value)) return DataLoss("broken XML: a bad entity");
    if (open == std::string_view::npos) break;
    const std::size_t close = text.find('>', open);
    if (close == std::string_view::npos) return DataLoss("broken XML: a tag does not end");
    std::string_view tag = text.substr(open + 1, close - open - 1);
    at = close + 1;
    if (tag.starts_with('?') || tag.starts_with('!')) continue;
    if (tag.starts_with('/')) {
      tag.remove_prefix(1);
      if (path != tag && !path.ends_with("/" + std::string(tag)))
        return DataLoss("broken XML: </{}> was not open", tag);
      if (is_leaf)
        on_leaf(path, std::move(value));
      else
        on_end(path);
      path.resize(path.size() > tag.size() ? path.size() - tag.size() - 1 : 0);
      is_leaf = false;
      value.clear();
      continue;
    }
    const bool is_empty = tag.ends_with('/');
    if (is_empty) tag.remove_suffix(1);
    tag = tag.substr(0, tag.find_first_of(" \t\r\n"));
    if (tag.empty()) return DataLoss("broken XML: a tag without a name");
    if (path.empty() && seen_root) return DataLoss("broken XML: two root elements");
    seen_root = true;
    const std::size_t parent = path.size();
    path += (path.empty() ? "" : "/") + std::string(tag);
    is_leaf = true;
    value.clear();
    if (is_empty) {
      on_leaf(path, "");
      path.resize(parent);
      is_leaf = false;
    }
  }
  if (!path.empty() || !seen_root) return DataLoss("broken XML: it ends too early");
  return OkStatus();
}

std::string XmlText(std::string_view text, std::string_view path) {
  std::string found;
  bool done = false;
  const auto on_leaf = [&](std::string_view at, std::string value) {
    if (done || at != path) return;
    found = std::move(value);
    done = true;
  };
  return ReadXml(text, on_leaf, [](std::string_view) {}).ok() ? found : "";
}

std::string XmlEscape(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

}  // namespace maru::object_store
