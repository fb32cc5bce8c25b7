#include "maru/traces/span_content.h"

#include <absl/strings/escaping.h>

#include <algorithm>

#include "maru/json/json.h"
#include "maru/traces/json_text.h"

namespace maru::traces {
namespace {

std::string_view StatusName(SpanStatus status) {
  switch (status) {
    case SpanStatus::kOk:
      return "STATUS_CODE_OK";
    case SpanStatus::kError:
      return "STATUS_CODE_ERROR";
    case SpanStatus::kUnset:
      break;
  }
  return "STATUS_CODE_UNSET";
}

void AppendId(std::string& out, std::string_view hex) {
  if (hex.empty()) {
    out += "null";
    return;
  }
  out += '"';
  out += BytesToBase64(HexToBytes(hex));
  out += '"';
}

// Attributes of events and links are plain JSON; those of spans are JSON texts inside strings.
void AppendAttributes(std::string& out, const Attributes& attributes, bool as_strings) {
  out += '{';
  bool first = true;
  for (const auto& [key, value] : attributes) {
    if (!first) out += ", ";
    first = false;
    AppendText(out, key);
    out += ": ";
    // NaN and infinities have no JSON spelling of their own.
    if (as_strings || value == "NaN" || value == "Infinity" || value == "-Infinity") {
      AppendText(out, value);
    } else {
      out += value;
    }
  }
  out += '}';
}

// Element of a stored document → members by name, in one walk.
std::string TextOf(const json::Element& element) {
  return element.kind() == json::Kind::kString ? std::string(element.AsString()) : std::string();
}

std::int64_t IntOf(const json::Element& element) {
  if (element.kind() == json::Kind::kInt) return element.AsInt();
  if (element.kind() == json::Kind::kUint) return static_cast<std::int64_t>(element.AsUint());
  if (element.kind() == json::Kind::kString) {
    std::int64_t value = 0;
    const std::string_view text = element.AsString();
    std::from_chars(text.data(), text.data() + text.size(), value);
    return value;
  }
  return 0;
}

std::string IdOf(const json::Element& element) {
  std::string bytes;
  if (!absl::Base64Unescape(TextOf(element), &bytes)) return {};
  return BytesToHex(bytes);
}

Attributes AttributesOf(const json::Element& element, bool as_strings) {
  Attributes attributes;
  if (element.kind() != json::Kind::kObject) return attributes;
  element.ForEachField([&](std::string_view name, json::Element value) {
    std::string text;
    if (as_strings && value.kind() == json::Kind::kString)
      text = value.AsString();
    else
      AppendElement(text, value);
    attributes.emplace_back(name, std::move(text));
    return true;
  });
  return attributes;
}

}  // namespace

std::string HexToBytes(std::string_view hex) {
  return absl::HexStringToBytes(absl::string_view(hex.data(), hex.size()));
}
std::string BytesToHex(std::string_view bytes) {
  return absl::BytesToHexString(absl::string_view(bytes.data(), bytes.size()));
}
std::string BytesToBase64(std::string_view bytes) {
  return absl::Base64Escape(absl::string_view(bytes.data(), bytes.size()));
}

std::string_view FindAttribute(const Attributes& attributes, std::string_view key) {
  const auto found = std::find_if(attributes.begin(), attributes.end(), [&](const auto& a) { return a.first == key; });
  return found == attributes.end() ? std::string_view() : std::string_view(found->second);
}

void SetAttribute(Attributes& attributes, std::string_view key, std::string value) {
  const auto found = std::find_if(attributes.begin(), attributes.end(), [&](const auto& a) { return a.first == key; });
  if (found != attributes.end())
    found->second = std::move(value);
  else
    attributes.emplace_back(key, std::move(value));
}

std::string EncodeSpan(const Span& span) {
  std::string out;
  std::size_t size = 512;
  for (const auto& [key, value] : span.attributes) size += key.size() + value.size() + 16;
  out.reserve(size);
  out += R"({"trace_id": )";
  AppendId(out, std::string_view(span.trace_id).substr(3));  // after "tr-"
  out += R"(, "span_id": )";
  AppendId(out, span.span_id);
  out += R"(, "parent_span_id": )";
  AppendId(out, span.parent_span_id);
  out += R"(, "name": )";
  AppendText(out, span.name);
  out += R"(, "start_time_unix_nano": )";
  json::encode::Append(out, span.start_ns);
  out += R"(, "end_time_unix_nano": )";
  if (span.end_ns == 0)
    out += "null";
  else
    json::encode::Append(out, span.end_ns);
  out += R"(, "events": [)";
  for (std::size_t i = 0; i < span.events.size(); ++i) {
    if (i > 0) out += ", ";
    out += R"({"name": )";
    AppendText(out, span.events[i].name);
    out += R"(, "time_unix_nano": )";
    json::encode::Append(out, span.events[i].time_ns);
    out += R"(, "attributes": )";
    AppendAttributes(out, span.events[i].attributes, /*as_strings=*/false);
    out += '}';
  }
  out += R"(], "status": {"code": ")";
  out += StatusName(span.status);
  out += R"(", "message": )";
  AppendText(out, span.status_message);
  out += R"(}, "attributes": )";
  AppendAttributes(out, span.attributes, /*as_strings=*/true);
  out += R"(, "links": [)";
  for (std::size_t i = 0; i < span.links.size(); ++i) {
    if (i > 0) out += ", ";
    out += R"({"trace_id": )";
    AppendText(out, span.links[i].trace_id);
    out += R"(, "span_id": )";
    AppendText(out, span.links[i].span_id);
    out += R"(, "attributes": )";
    AppendAttributes(out, span.links[i].attributes, /*as_strings=*/false);
    out += '}';
  }
  out += "]}";
  return out;
}

Result<Span> DecodeSpan(std::string_view content) {
  const Result<json::Element> root = json::Parse(content);
  if (!root.ok() || root->kind() != json::Kind::kObject) return DataLoss("a stored span is not a JSON object");
  Span span;
  root->ForEachField([&](std::string_view name, json::Element value) {
    if (name == "trace_id")
      span.trace_id = "tr-" + IdOf(value);
    else if (name == "span_id")
      span.span_id = IdOf(value);
    else if (name == "parent_span_id")
      span.parent_span_id = IdOf(value);
    else if (name == "name")
      span.name = TextOf(value);
    else if (name == "start_time_unix_nano")
      span.start_ns = IntOf(value);
    else if (name == "end_time_unix_nano")
      span.end_ns = IntOf(value);
    else if (name == "attributes")
      span.attributes = AttributesOf(value, /*as_strings=*/true);
    else if (name == "status" && value.kind() == json::Kind::kObject) {
      value.ForEachField([&](std::string_view member, json::Element text) {
        if (member == "message") span.status_message = TextOf(text);
        if (member != "code") return true;
        const std::string code = TextOf(text);
        if (code == "STATUS_CODE_OK" || code == "OK") span.status = SpanStatus::kOk;
        if (code == "STATUS_CODE_ERROR" || code == "ERROR") span.status = SpanStatus::kError;
        return true;
      });
    } else if (name == "events" && value.kind() == json::Kind::kArray) {
      value.ForEachItem([&](std::size_t, json::Element item) {
        if (item.kind() != json::Kind::kObject) return true;
        SpanEvent& event = span.events.emplace_back();
        item.ForEachField([&](std::string_view member, json::Element field) {
          if (member == "name")
            event.name = TextOf(field);
          else if (member == "time_unix_nano")
            event.time_ns = IntOf(field);
          else if (member == "attributes")
            event.attributes = AttributesOf(field, /*as_strings=*/false);
          return true;
        });
        return true;
      });
    } else if (name == "links" && value.kind() == json::Kind::kArray) {
      value.ForEachItem([&](std::size_t, json::Element item) {
        if (item.kind() != json::Kind::kObject) return true;
        SpanLink& link = span.links.emplace_back();
        item.ForEachField([&](std::string_view member, json::Element field) {
          if (member == "trace_id")
            link.trace_id = TextOf(field);
          else if (member == "span_id")
            link.span_id = TextOf(field);
          else if (member == "attributes")
            link.attributes = AttributesOf(field, /*as_strings=*/false);
          return true;
        });
        return true;
      });
    }
    return true;
  });
  if (span.span_id.empty()) return DataLoss("a stored span has no span_id");
  return span;
}

}  // namespace maru::traces
