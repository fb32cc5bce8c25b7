#include "maru/evaluation/canonical_json.h"

#include <fmt/format.h>
#include <openssl/evp.h>

#include <map>

#include "maru/json/element.h"
#include "maru/json/json.h"

namespace maru::evaluation {
namespace {

void Append(std::string& out, json::Element value) {
  switch (value.kind()) {
    case json::Kind::kObject: {
      std::map<std::string, json::Element> members;
      value.ForEachField([&](std::string_view name, json::Element member) {
        members.insert_or_assign(std::string(name), member);
        return true;
      });
      out += '{';
      bool first = true;
      for (const auto& [name, member] : members) {
        if (!first) out += ',';
        first = false;
        out += json::Quote(name) + ':';
        Append(out, member);
      }
      out += '}';
      return;
    }
    case json::Kind::kArray:
      out += '[';
      value.ForEachItem([&](std::size_t index, json::Element item) {
        if (index > 0) out += ',';
        Append(out, item);
        return true;
      });
      out += ']';
      return;
    default:
      out += value.Dump();
  }
}

}  // namespace

Result<std::string> CanonicalJson(std::string_view text) {
  MARU_ASSIGN_OR_RETURN(const json::Element root, json::Parse(text));
  std::string out;
  Append(out, root);
  return out;
}

std::string Sha256Hex(std::string_view text) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  EVP_Digest(text.data(), text.size(), digest, &size, EVP_sha256(), nullptr);
  std::string hex;
  for (unsigned int i = 0; i < size; ++i) fmt::format_to(std::back_inserter(hex), "{:02x}", digest[i]);
  return hex;
}

}  // namespace maru::evaluation
