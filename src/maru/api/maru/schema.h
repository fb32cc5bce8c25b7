// JSON Schema of described structs, so that the OpenAPI document is made from what the handlers really read and write.
#pragma once

#include <boost/describe/enumerators.hpp>
#include <boost/describe/members.hpp>
#include <boost/mp11/algorithm.hpp>

#include <map>
#include <string>
#include <string_view>
#include <type_traits>

#include "maru/json/json.h"

namespace maru::api::own {

// Name -> schema of every struct that the operations use.
using Components = std::map<std::string, std::string>;

namespace schema {

// "maru::api::own::{anonymous}::RunTable" -> "RunTable". The compiler spells the type in its name for this function.
template <typename T>
std::string NameOf() {
  std::string_view name = __PRETTY_FUNCTION__;
  name = name.substr(name.find("T = ") + 4);
  name = name.substr(0, name.find_first_of(";]"));
  return std::string(name.substr(name.rfind(':') + 1));
}

template <typename T>
std::string Of(Components& components);

template <typename T>
std::string ObjectOf(Components& components) {
  std::string properties, required;
  boost::mp11::mp_for_each<boost::describe::describe_members<T, boost::describe::mod_any_access>>([&](auto member) {
    using Member = std::remove_cvref_t<decltype(std::declval<T>().*member.pointer)>;
    if (!properties.empty()) properties += ',';
    properties += json::Quote(member.name) + ":" + Of<Member>(components);
    if constexpr (!json::shape::IsOptional<Member>::value) {
      if (!required.empty()) required += ',';
      required += json::Quote(member.name);
    }
  });
  return R"({"type":"object","properties":{)" + properties + "}" +
         (required.empty() ? "" : R"(,"required":[)" + required + "]") + "}";
}

template <typename T>
std::string Of(Components& components) {
  if constexpr (std::is_same_v<T, bool>) {
    return R"({"type":"boolean"})";
  } else if constexpr (std::is_same_v<T, json::Raw>) {
    return "{}";
  } else if constexpr (std::is_integral_v<T>) {
    return R"({"type":"integer","format":"int64"})";
  } else if constexpr (std::is_floating_point_v<T>) {
    return R"({"oneOf":[{"type":"number"},{"type":"string","enum":["NaN","Infinity","-Infinity"]}]})";
  } else if constexpr (std::is_same_v<T, std::string>) {
    return R"({"type":"string"})";
  } else if constexpr (json::shape::IsOptional<T>::value) {
    return Of<typename T::value_type>(components);
  } else if constexpr (json::shape::IsVector<T>::value) {
    return R"({"type":"array","items":)" + Of<typename T::value_type>(components) + "}";
  } else if constexpr (json::shape::IsMap<T>::value) {
    return R"({"type":"object","additionalProperties":)" + Of<typename T::mapped_type>(components) + "}";
  } else {
    const std::string name = NameOf<T>();
    if (components.emplace(name, "").second) components[name] = ObjectOf<T>(components);
    return R"({"$ref":"#/components/schemas/)" + name + R"("})";
  }
}

}  // namespace schema
}  // namespace maru::api::own
