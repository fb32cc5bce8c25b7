#include "maru/api/mlflow/rpc.h"

#include <absl/strings/cord.h>

#include <map>

namespace maru::api::mlflow {

std::string QueryAsJson(const http::Request& request, const std::function<bool(std::string_view)>& repeated) {
  std::map<std::string_view, std::vector<std::string_view>> values;
  for (const auto& [key, value] : request.query) values[key].push_back(value);
  std::string out = "{";
  for (const auto& [key, all] : values) {
    if (out.size() > 1) out += ',';
    out += json::Quote(key) + ":";
    const auto append = [&](std::string_view value) {
      // Booleans are the one scalar whose JSON spelling is not also read from a string.
      out += value == "true" || value == "false" ? std::string(value) : json::Quote(value);
    };
    if (!repeated(key)) {
      append(all.front());
      continue;
    }
    out += '[';
    for (std::size_t i = 0; i < all.size(); ++i) {
      if (i > 0) out += ',';
      append(all[i]);
    }
    out += ']';
  }
  return out + "}";
}

namespace {

// Python's name for the type of a JSON value.
std::string_view PythonType(std::string_view json) {
  if (json.starts_with('"')) return "str";
  if (json.starts_with('[')) return "list";
  if (json.starts_with('{')) return "dict";
  if (json == "true" || json == "false") return "bool";
  return json.find_first_of(".eE") == json.npos ? "int" : "float";
}

}  // namespace

Status InMlflowWords(const Status& status) {
  const auto path = status.GetPayload(json::kPathPayload);
  const auto got = status.GetPayload(json::kGotPayload);
  if (!path || !got || path->empty()) return status;
  const std::string value(*got);
  return InvalidArgument(
      "Invalid value {} for parameter '{}' supplied:  Hint: Value was of type '{}'. See the API docs for "
      "more information about request parameters.",
      value, std::string(*path), PythonType(value));
}

}  // namespace maru::api::mlflow
