#include "maru/api/mlflow/rpc.h"

#include <absl/strings/ascii.h>
#include <absl/strings/cord.h>

#include <map>

namespace maru::api::mlflow {

std::string QueryAsJson(const http::Request& request, const std::function<QueryMember(std::string_view key)>& member) {
  std::map<std::string_view, std::vector<std::string_view>> values;
  for (const auto& [key, value] : request.query) values[key].push_back(value);
  std::string out = "{";
  for (const auto& [key, all] : values) {
    if (out.size() > 1) out += ',';
    out += json::Quote(key) + ":";
    switch (member(key)) {
      case QueryMember::kText:
        out += json::Quote(all.front());
        break;
      case QueryMember::kFlag: {
        const std::string flag = absl::AsciiStrToLower(absl::string_view(all.front().data(), all.front().size()));
        out += flag == "true" || flag == "false" ? flag : json::Quote(all.front());  // the decoder refuses the rest
        break;
      }
      case QueryMember::kList:
        for (std::size_t i = 0; i < all.size(); ++i) out += (i == 0 ? '[' : ',') + json::Quote(all[i]);
        out += ']';
        break;
    }
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
