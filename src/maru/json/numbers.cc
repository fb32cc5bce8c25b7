// Element::ReadNumbers: tensors arrive as long arrays of numbers, so these go straight from the parser to their place.
#include <simdjson.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <type_traits>
#include <utility>

#include "maru/json/element.h"

namespace maru::json {
namespace dom = simdjson::dom;
namespace {

template <typename T>
class NumberReader {
 public:
  explicit NumberReader(std::span<T> out) : out_(out) {}

  Status ReadAll(const dom::element& root) {
    dom::array items;
    if (root.get_array().get(items)) return InvalidArgument("expected an array of numbers, got {}", Text(root));
    if (!Array(items)) return status_;
    if (next_ == out_.size()) return OkStatus();
    return InvalidArgument("there are {} elements, but the shape asks for {}", next_, out_.size());
  }

 private:
  bool Array(const dom::array& items) {
    for (const dom::element item : items) {
      if (item.is_array()) {
        if (!Array(item.get_array().value_unsafe())) return false;
        continue;
      }
      if (next_ == out_.size()) {
        status_ = InvalidArgument("there are more elements than the {} that the shape asks for", out_.size());
        return false;
      }
      if (!Number(item, out_[next_])) {
        status_ = InvalidArgument("element {} is {}, which does not fit", next_, Text(item));
        return false;
      }
      ++next_;
    }
    return true;
  }

  static bool Number(const dom::element& item, T& to) {
    switch (item.type()) {
      case dom::element_type::INT64:
        return Integer(item.get_int64().value_unsafe(), to);
      case dom::element_type::UINT64:
        return Integer(item.get_uint64().value_unsafe(), to);
      case dom::element_type::DOUBLE:
        return Double(item.get_double().value_unsafe(), to);
      case dom::element_type::BOOL:
        if constexpr (std::is_same_v<T, bool>) {
          to = item.get_bool().value_unsafe();
          return true;
        }
        return false;
      case dom::element_type::NULL_VALUE:
        if constexpr (std::is_floating_point_v<T>) {
          to = std::numeric_limits<T>::quiet_NaN();
          return true;
        }
        return false;
      case dom::element_type::STRING:
        return Name(item.get_string().value_unsafe(), to);
      default:
        return false;
    }
  }

  template <typename From>
  static bool Integer(From value, T& to) {
    if constexpr (std::is_same_v<T, bool>) {
      if (value != 0 && value != 1) return false;
      to = value == 1;
    } else if constexpr (std::is_floating_point_v<T>) {
      to = static_cast<T>(value);
    } else {
      if (!std::in_range<T>(value)) return false;
      to = static_cast<T>(value);
    }
    return true;
  }

  static bool Double(double value, T& to) {
    if constexpr (std::is_same_v<T, bool>) {
      return false;
    } else if constexpr (std::is_floating_point_v<T>) {
      to = static_cast<T>(value);
      return true;
    } else {
      // 3.0 is an integer to those who write JSON from floating-point arrays; 3.5 is a mistake.
      constexpr double kLimit = static_cast<double>(std::numeric_limits<T>::max());
      if (value != std::trunc(value) || value < static_cast<double>(std::numeric_limits<T>::min()) || value > kLimit ||
          (sizeof(T) == 8 && value >= kLimit)) {
        return false;
      }
      to = static_cast<T>(value);
      return true;
    }
  }

  static bool Name(std::string_view name, T& to) {
    if constexpr (std::is_floating_point_v<T>) {
      if (name == "NaN")
        to = std::numeric_limits<T>::quiet_NaN();
      else if (name == "Infinity")
        to = std::numeric_limits<T>::infinity();
      else if (name == "-Infinity")
        to = -std::numeric_limits<T>::infinity();
      else
        return false;
      return true;
    }
    return false;
  }

  static std::string Text(const dom::element& item) {
    std::string text = simdjson::minify(item);
    if (text.size() > 60) text = text.substr(0, 57) + "...";
    return text;
  }

  const std::span<T> out_;
  std::size_t next_ = 0;
  Status status_;
};

}  // namespace

template <typename T>
Status Element::ReadNumbers(std::span<T> out) const {
  dom::element root;
  std::memcpy(static_cast<void*>(&root), opaque_.data(), sizeof(root));
  return NumberReader<T>(out).ReadAll(root);
}

template Status Element::ReadNumbers(std::span<bool>) const;
template Status Element::ReadNumbers(std::span<float>) const;
template Status Element::ReadNumbers(std::span<double>) const;
template Status Element::ReadNumbers(std::span<std::int8_t>) const;
template Status Element::ReadNumbers(std::span<std::int16_t>) const;
template Status Element::ReadNumbers(std::span<std::int32_t>) const;
template Status Element::ReadNumbers(std::span<std::int64_t>) const;
template Status Element::ReadNumbers(std::span<std::uint8_t>) const;
template Status Element::ReadNumbers(std::span<std::uint16_t>) const;
template Status Element::ReadNumbers(std::span<std::uint32_t>) const;
template Status Element::ReadNumbers(std::span<std::uint64_t>) const;

}  // namespace maru::json
