#include "maru/sql/arguments.h"

#include <cmath>
#include <variant>

namespace maru::sql {

Status CheckArgs(const Args& args) {
  for (const Value& value : args.get()) {
    if (const double* real = std::get_if<double>(&value); real != nullptr && std::isnan(*real)) {
      return InvalidArgument("NaN cannot be stored as a number");
    }
    if (const auto* text = std::get_if<std::string_view>(&value);
        text != nullptr && text->find('\0') != std::string_view::npos) {
      return InvalidArgument("text cannot hold the NUL character");
    }
  }
  return OkStatus();
}

}  // namespace maru::sql
