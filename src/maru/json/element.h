// A parsed JSON document, seen without the parser's headers: simdjson stays in element.cc.
#pragma once

#include <absl/functional/function_ref.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "maru/base/status.h"

namespace maru::json {

enum class Kind { kNull, kBool, kInt, kUint, kDouble, kString, kArray, kObject };
std::string_view KindName(Kind kind);

// One value of the document. A small handle: copy it. Valid until this thread parses the next document.
class Element {
 public:
  Kind kind() const;
  bool AsBool() const;  // each As… needs the kind that it names
  std::int64_t AsInt() const;
  std::uint64_t AsUint() const;
  double AsDouble() const;  // any of the three number kinds
  std::string_view AsString() const;
  std::string Dump() const;  // as JSON text, without spaces
  // Both stop early when `visit` returns false.
  void ForEachItem(absl::FunctionRef<bool(std::size_t index, Element item)> visit) const;
  void ForEachField(absl::FunctionRef<bool(std::string_view name, Element value)> visit) const;
  std::size_t ArraySize() const;  // needs kArray

  // The numbers of an array and of the arrays in it, row-major: exactly `out.size()` of them, each one that T can hold.
  // Floating-point T also take null and "NaN" as not-a-number, and "Infinity" and "-Infinity"; bool takes 0 and 1 too.
  // T: bool, float, double, and the integers of 8 to 64 bits. kInvalidArgument says which element is wrong.
  template <typename T>
  Status ReadNumbers(std::span<T> out) const;

 private:
  friend Result<Element> Parse(std::string_view text);
  alignas(8) std::array<std::byte, 16> opaque_;  // a simdjson::dom::element
};

// kInvalidArgument says what is wrong with the text. Uses one parser per thread.
Result<Element> Parse(std::string_view text);

}  // namespace maru::json
