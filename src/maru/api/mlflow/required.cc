#include "maru/api/mlflow/required.h"

#include <charconv>

namespace maru::api::mlflow {

Status Missing(std::string_view parameter) {
  return InvalidArgument(
      "Missing value for required parameter '{}'. See the API docs for more information about request "
      "parameters.",
      parameter);
}

Result<std::optional<int>> ReadEnum(std::string_view parameter, const json::Raw& sent,
                                    std::span<const EnumName> names) {
  std::string_view text = sent.text;
  if (text == "null") return std::nullopt;
  if (text.size() >= 2 && text.front() == '"') text = text.substr(1, text.size() - 2);
  int number = -1;
  const bool is_number =
      std::from_chars(text.data(), text.data() + text.size(), number).ptr == text.data() + text.size();
  for (const EnumName& n : names) {
    if (n.name == text || (is_number && n.number == number)) return n.number;
  }
  return InvalidArgument(
      "Invalid value {} for parameter '{}' supplied. See the API docs for more information about request "
      "parameters.",
      sent.text, parameter);
}

}  // namespace maru::api::mlflow
