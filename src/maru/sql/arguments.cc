#include "maru/sql/arguments.h"

#include <simdjson.h>

#include <cmath>
#include <variant>

namespace maru::sql {

Status CheckArgs(const Args& args) {
  for (const Value& value : args.get()) {
    if (const double* real = std::get_if<double>(&value); real != nullptr && std::isnan(*real)) {
      return InvalidArgument("NaN cannot be stored as a number");
    }
    const auto* text = std::get_if<std::string_view>(&value);
    if (text == nullptr) continue;
    if (text->find('\0') != std::string_view::npos) return InvalidArgument("text cannot hold the NUL character");
    if (!simdjson::validate_utf8(text->data(), text->size())) return InvalidArgument("text must be valid UTF-8");
  }
  return OkStatus();
}

}  // namespace maru::sql
