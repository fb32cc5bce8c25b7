// json::Decode; include json.h.
#pragma once

#include <boost/describe/enum_from_string.hpp>
#include <boost/describe/enumerators.hpp>
#include <boost/describe/members.hpp>
#include <boost/mp11/algorithm.hpp>

#include <charconv>
#include <cmath>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <type_traits>
#include <vector>

#include "maru/json/element.h"
#include "maru/json/shape.h"

namespace maru::json {

// Payloads of the status of a member of a wrong type, for wires that have their own words: its path, and its JSON.
inline constexpr char kPathPayload[] = "maru/json_path";
inline constexpr char kGotPayload[] = "maru/json_got";

namespace decode {

// Where in the document we are, for error messages; a chain of stack frames.
struct Path {
  const Path* parent = nullptr;
  std::string_view member;
  std::size_t index = 0;
  std::string Text() const;
};

// The message names the path, what is wanted, and what was sent (cut to a readable length).
Status WrongType(const Path& path, std::string_view wanted, const Element& got);

Status ReadInt(const Element& from, const Path& path, std::int64_t& to);
Status ReadDouble(const Element& from, const Path& path, double& to);

// True when `sent` is `member` itself or its lowerCamelCase spelling.
bool SameName(std::string_view sent, std::string_view member);

template <typename T>
Status Read(const Element& from, const Path& path, T& to);

template <typename T>
Status ReadStruct(const Element& from, const Path& path, T& to) {
  if (from.kind() != Kind::kObject) return WrongType(path, "an object", from);
  Status status;
  from.ForEachField([&](std::string_view name, Element value) {
    if (value.kind() == Kind::kNull) return true;
    bool found = false;
    boost::mp11::mp_for_each<boost::describe::describe_members<T, boost::describe::mod_any_access>>([&](auto member) {
      if (found || !SameName(name, member.name)) return;
      found = true;
      status = Read(value, Path{&path, member.name}, to.*member.pointer);
    });
    return status.ok();
  });
  return status;
}

template <typename T>
Status Read(const Element& from, const Path& path, T& to) {
  if constexpr (std::is_same_v<T, Raw>) {
    to.text = from.Dump();
    return OkStatus();
  } else if constexpr (std::is_same_v<T, bool>) {
    if (from.kind() != Kind::kBool) return WrongType(path, "a boolean", from);
    to = from.AsBool();
    return OkStatus();
  } else if constexpr (std::is_integral_v<T>) {
    std::int64_t wide = 0;
    MARU_RETURN_IF_ERROR(ReadInt(from, path, wide));
    if (!std::in_range<T>(wide)) return WrongType(path, "an integer in range", from);
    to = static_cast<T>(wide);
    return OkStatus();
  } else if constexpr (std::is_floating_point_v<T>) {
    double wide = 0;
    MARU_RETURN_IF_ERROR(ReadDouble(from, path, wide));
    to = static_cast<T>(wide);
    return OkStatus();
  } else if constexpr (std::is_same_v<T, std::string>) {
    if (from.kind() != Kind::kString) return WrongType(path, "a string", from);
    to = from.AsString();
    return OkStatus();
  } else if constexpr (std::is_enum_v<T>) {
    const std::string name(from.kind() == Kind::kString ? from.AsString() : "");
    if (!boost::describe::enum_from_string(name.c_str(), to)) return WrongType(path, "a known name", from);
    return OkStatus();
  } else if constexpr (shape::IsOptional<T>::value) {
    return Read(from, path, to.emplace());
  } else if constexpr (shape::IsVector<T>::value) {
    if (from.kind() != Kind::kArray) return WrongType(path, "an array", from);
    to.clear();
    to.reserve(from.ArraySize());
    Status status;
    from.ForEachItem([&](std::size_t index, Element item) {
      if constexpr (std::is_same_v<T, std::vector<bool>>) {
        bool value = false;
        status = Read(item, Path{&path, {}, index}, value);
        to.push_back(value);
      } else {
        status = Read(item, Path{&path, {}, index}, to.emplace_back());
      }
      return status.ok();
    });
    return status;
  } else if constexpr (shape::IsMap<T>::value) {
    if (from.kind() != Kind::kObject) return WrongType(path, "an object", from);
    to.clear();
    Status status;
    from.ForEachField([&](std::string_view name, Element value) {
      status = Read(value, Path{&path, name}, to[std::string(name)]);
      return status.ok();
    });
    return status;
  } else {
    return ReadStruct(from, path, to);
  }
}

}  // namespace decode

template <typename T>
Result<T> Decode(std::string_view text) {
  MARU_ASSIGN_OR_RETURN(const Element root, Parse(text));
  T value{};
  MARU_RETURN_IF_ERROR(decode::Read(root, decode::Path{}, value));
  return value;
}

}  // namespace maru::json
