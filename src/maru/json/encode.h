// json::Encode; include json.h.
#pragma once

#include <boost/describe/enum_to_string.hpp>
#include <boost/describe/members.hpp>
#include <boost/mp11/algorithm.hpp>

#include <cstdint>
#include <string>
#include <type_traits>

#include "maru/json/shape.h"

namespace maru::json {
namespace encode {

void Append(std::string& out, std::int64_t value);
void Append(std::string& out, std::uint64_t value);
void Append(std::string& out, double value);  // shortest text that reads back the same (Ryu, as std::to_chars has it)
void AppendQuoted(std::string& out, std::string_view text);

template <typename T>
void Write(std::string& out, const T& value) {
  if constexpr (std::is_same_v<T, Raw>) {
    out += value.text;
  } else if constexpr (std::is_same_v<T, bool>) {
    out += value ? "true" : "false";
  } else if constexpr (std::is_enum_v<T>) {
    AppendQuoted(out, boost::describe::enum_to_string(value, ""));
  } else if constexpr (std::is_integral_v<T>) {
    if constexpr (std::is_signed_v<T>)
      Append(out, std::int64_t{value});
    else
      Append(out, std::uint64_t{value});
  } else if constexpr (std::is_floating_point_v<T>) {
    Append(out, double{value});
  } else if constexpr (std::is_convertible_v<const T&, std::string_view>) {
    AppendQuoted(out, value);
  } else if constexpr (shape::IsOptional<T>::value) {
    if (value)
      Write(out, *value);
    else
      out += "null";
  } else if constexpr (shape::IsVector<T>::value) {
    out += '[';
    bool first = true;
    for (const typename T::value_type& item : value) {
      if (!first) out += ',';
      first = false;
      Write(out, item);
    }
    out += ']';
  } else if constexpr (shape::IsMap<T>::value) {
    out += '{';
    for (bool first = true; const auto& [name, item] : value) {
      if (!first) out += ',';
      first = false;
      AppendQuoted(out, name);
      out += ':';
      Write(out, item);
    }
    out += '}';
  } else {
    out += '{';
    bool first = true;
    boost::mp11::mp_for_each<boost::describe::describe_members<T, boost::describe::mod_any_access>>([&](auto member) {
      const auto& item = value.*member.pointer;
      if constexpr (shape::IsOptional<std::remove_cvref_t<decltype(item)>>::value) {
        if (!item) return;
      }
      if (!first) out += ',';
      first = false;
      out += '"';
      out += member.name;
      out += "\":";
      Write(out, item);
    });
    out += '}';
  }
}

}  // namespace encode

template <typename T>
std::string Encode(const T& value) {
  std::string out;
  encode::Write(out, value);
  return out;
}

}  // namespace maru::json
