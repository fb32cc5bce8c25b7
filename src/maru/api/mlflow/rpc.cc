#include "maru/api/mlflow/rpc.h"

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

}  // namespace maru::api::mlflow
