#include "maru/json/element.h"

#include <simdjson.h>

#include <cstring>

namespace maru::json {
namespace dom = simdjson::dom;
namespace {

static_assert(sizeof(dom::element) == 16 && std::is_trivially_copyable_v<dom::element>);

dom::element Open(const std::array<std::byte, 16>& opaque) {
  dom::element element;
  std::memcpy(static_cast<void*>(&element), opaque.data(), sizeof(element));
  return element;
}

std::array<std::byte, 16> Close(const dom::element& element) {
  std::array<std::byte, 16> opaque;
  std::memcpy(opaque.data(), static_cast<const void*>(&element), sizeof(element));
  return opaque;
}

// A parser keeps the memory of the largest document it has seen; give that of a giant back.
constexpr std::size_t kKeepBytes = 4 * 1024 * 1024;

}  // namespace

std::string_view KindName(Kind kind) {
  switch (kind) {
    case Kind::kNull:
      return "null";
    case Kind::kBool:
      return "a boolean";
    case Kind::kInt:
    case Kind::kUint:
      return "an integer";
    case Kind::kDouble:
      return "a number";
    case Kind::kString:
      return "a string";
    case Kind::kArray:
      return "an array";
    case Kind::kObject:
      return "an object";
  }
  return "nothing";
}

Result<Element> Parse(std::string_view text) {
  thread_local dom::parser parser;
  if (parser.capacity() > kKeepBytes && text.size() <= kKeepBytes) parser = dom::parser();
  dom::element root;
  const auto error = parser.parse(text.data(), text.size(), /*realloc_if_needed=*/true).get(root);
  if (error == simdjson::EMPTY) return InvalidArgument("expected a JSON document, got an empty body");
  if (error) return InvalidArgument("the body is not valid JSON: {}", simdjson::error_message(error));
  Element element;
  element.opaque_ = Close(root);
  return element;
}

Kind Element::kind() const {
  switch (Open(opaque_).type()) {
    case dom::element_type::ARRAY:
      return Kind::kArray;
    case dom::element_type::OBJECT:
      return Kind::kObject;
    case dom::element_type::INT64:
      return Kind::kInt;
    case dom::element_type::UINT64:
      return Kind::kUint;
    case dom::element_type::DOUBLE:
      return Kind::kDouble;
    case dom::element_type::STRING:
      return Kind::kString;
    case dom::element_type::BOOL:
      return Kind::kBool;
    case dom::element_type::NULL_VALUE:
      break;
  }
  return Kind::kNull;
}

bool Element::AsBool() const {
  return Open(opaque_).get_bool().value_unsafe();
}
std::int64_t Element::AsInt() const {
  return Open(opaque_).get_int64().value_unsafe();
}
std::uint64_t Element::AsUint() const {
  return Open(opaque_).get_uint64().value_unsafe();
}
double Element::AsDouble() const {
  return Open(opaque_).get_double().value_unsafe();
}
std::string_view Element::AsString() const {
  return Open(opaque_).get_string().value_unsafe();
}
std::string Element::Dump() const {
  return simdjson::minify(Open(opaque_));
}
std::size_t Element::ArraySize() const {
  return Open(opaque_).get_array().value_unsafe().size();
}

void Element::ForEachItem(absl::FunctionRef<bool(std::size_t, Element)> visit) const {
  std::size_t index = 0;
  const dom::array items = Open(opaque_).get_array().value_unsafe();
  for (const dom::element item : items) {
    Element element;
    element.opaque_ = Close(item);
    if (!visit(index++, element)) return;
  }
}

void Element::ForEachField(absl::FunctionRef<bool(std::string_view, Element)> visit) const {
  const dom::object fields = Open(opaque_).get_object().value_unsafe();
  for (const auto field : fields) {
    Element element;
    element.opaque_ = Close(field.value);
    if (!visit(field.key, element)) return;
  }
}

}  // namespace maru::json
