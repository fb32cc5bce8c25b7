#include "maru/api/maru/operation.h"

#include <absl/strings/ascii.h>

#include <map>

namespace maru::api::own {
namespace {

constexpr char kErrorAnswer[] =
    R"({"description":"what went wrong, in words","content":{"application/json":{"schema":)"
    R"({"type":"object","properties":{"code":{"type":"string"},"message":{"type":"string"}},)"
    R"("required":["code","message"]}}}})";

std::string_view Needs(Permission permission) {
  switch (permission) {
    case Permission::kPublic:
      return "Nobody has to log in for it.";
    case Permission::kView:
      return "Needs the role viewer.";
    case Permission::kEdit:
      return "Needs the role editor.";
    case Permission::kAdmin:
      return "Needs the role admin.";
  }
  return "";
}

std::string OperationJson(const Description& operation) {
  std::string parameters;
  for (const Parameter& p : operation.parameters) {
    if (!parameters.empty()) parameters += ',';
    parameters += R"({"name":)" + json::Quote(p.name) + R"(,"in":)" + (p.in_path ? R"("path")" : R"("query")") +
                  (p.required ? R"(,"required":true)" : "") + R"(,"schema":)" + p.schema + "}";
  }
  std::string text = R"({"tags":[)" + json::Quote(operation.tag) + R"(],"summary":)" + json::Quote(operation.summary) +
                     R"(,"description":)" + json::Quote(Needs(operation.permission));
  if (!parameters.empty()) text += R"(,"parameters":[)" + parameters + "]";
  if (!operation.body_schema.empty()) {
    text += R"(,"requestBody":{"content":{"application/json":{"schema":)" + operation.body_schema + "}}}";
  }
  text += R"(,"responses":{"200":{"description":"OK","content":{)" + json::Quote(operation.answer_type) + ":{";
  if (!operation.answer_schema.empty()) text += R"("schema":)" + operation.answer_schema;
  return text + R"(}}},"default":)" + kErrorAnswer + "}}";
}

}  // namespace

namespace operation {

Status ReadText(std::string_view, std::string_view text, std::string& to) {
  to = text;
  return OkStatus();
}

Status ReadText(std::string_view member, std::string_view text, bool& to) {
  if (text != "true" && text != "false") return InvalidArgument("{}: expected true or false, got \"{}\"", member, text);
  to = text == "true";
  return OkStatus();
}

template <typename Number>
Status ReadNumber(std::string_view member, std::string_view text, Number& to) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), to);
  if (error == std::errc() && end == text.data() + text.size()) return OkStatus();
  return InvalidArgument("{}: expected a number, got \"{}\"", member, text);
}

Status ReadText(std::string_view member, std::string_view text, std::int64_t& to) {
  return ReadNumber(member, text, to);
}

Status ReadText(std::string_view member, std::string_view text, double& to) {
  return ReadNumber(member, text, to);
}

bool Captures(std::string_view path, std::string_view member) {
  return path.find("{" + std::string(member) + "}") != std::string_view::npos;
}

}  // namespace operation

std::string Catalog::OpenApi() const {
  std::map<std::string, std::map<std::string, std::string>> paths;
  for (const Description& operation : operations) {
    paths[kRoot + operation.path][absl::AsciiStrToLower(std::string(http::VerbName(operation.verb)))] =
        OperationJson(operation);
  }
  std::string text =
      R"({"openapi":"3.1.0","info":{"title":"maru","version":"1","description":)"
      R"("What maru's page and command line use. Times are milliseconds since the Unix epoch; a workspace is chosen )"
      R"(with the header X-MLFLOW-WORKSPACE."},"paths":{)";
  for (bool first = true; const auto& [path, verbs] : paths) {
    text += (first ? "" : ",") + json::Quote(path) + ":{";
    first = false;
    for (bool first_verb = true; const auto& [verb, operation] : verbs) {
      text += (first_verb ? "" : ",") + json::Quote(verb) + ":" + operation;
      first_verb = false;
    }
    text += "}";
  }
  text += R"(},"components":{"schemas":{)";
  for (bool first = true; const auto& [name, schema] : components) {
    text += (first ? "" : ",") + json::Quote(name) + ":" + schema;
    first = false;
  }
  return text + "}}}";
}

void MountOpenApi(http::Router& router, const Catalog& catalog) {
  router.Add({Verb::kGet, std::string(kRoot) + "/openapi.json", Permission::kPublic,
              http::Handler([document = catalog.OpenApi()](const http::Request&) -> Result<http::Reply> {
                return http::Reply::Json(document);
              }),
              FormatError});
  router.SetFallback(kRoot, FormatError);
}

}  // namespace maru::api::own
