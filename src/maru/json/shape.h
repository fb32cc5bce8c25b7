// The kinds of members that wire shapes are made of; include json.h.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <type_traits>
#include <vector>

namespace maru::json {

// Any JSON value, as its text; "null" when absent.
struct Raw {
  std::string text = "null";
  bool operator==(const Raw&) const = default;
};

namespace shape {

template <typename T>
struct IsOptional : std::false_type {};
template <typename T>
struct IsOptional<std::optional<T>> : std::true_type {};
template <typename T>
struct IsVector : std::false_type {};
template <typename T>
struct IsVector<std::vector<T>> : std::true_type {};
template <typename T>
struct IsMap : std::false_type {};
template <typename T>
struct IsMap<std::map<std::string, T>> : std::true_type {};

}  // namespace shape
}  // namespace maru::json
