#include "maru/api/mlflow/rpc.h"

#include <absl/strings/ascii.h>

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

}  // namespace maru::api::mlflow
