// How a row of maru's own API becomes a route and a part of its OpenAPI document.
//
//   Result<Experiment> GetExperiment(tracking::ExperimentService& service, const Caller& caller, ExperimentId request);
//
//   constexpr Row<tracking::ExperimentService> kExperiments[] = {
//       {Verb::kGet, "/experiments/{experiment_id}", Permission::kView, "One experiment", Does<GetExperiment>},
//   };
//
// A request is a described struct. Its members come from the path's captures of the same name; GET and DELETE take the
// others from the query string, everything else from a JSON body. Wrong input is kInvalidArgument naming the member.
#pragma once

#include <boost/describe/members.hpp>
#include <boost/mp11/algorithm.hpp>

#include <charconv>
#include <string>
#include <string_view>
#include <vector>

#include "maru/api/maru/error.h"
#include "maru/api/maru/schema.h"
#include "maru/http/router.h"
#include "maru/json/json.h"

namespace maru::api::own {

using http::Verb;

inline constexpr char kRoot[] = "/api/maru/v1";

// What an operation without a result answers: {}.
struct Done {};
BOOST_DESCRIBE_STRUCT(Done, (), ())

// An operation as the OpenAPI document describes it.
struct Parameter {
  std::string name;
  bool in_path = false;
  bool required = false;
  std::string schema;
};
struct Description {
  Verb verb = Verb::kGet;
  std::string path;  // below kRoot
  std::string tag;
  std::string summary;
  Permission permission = Permission::kView;
  std::vector<Parameter> parameters;
  std::string body_schema;    // empty: none
  std::string answer_schema;  // empty: not JSON
  std::string answer_type = "application/json";
};

// Every operation that was mounted; the OpenAPI document is made from it.
class Catalog {
 public:
  Components components;
  std::vector<Description> operations;

  // The document, OpenAPI 3.1 as JSON.
  std::string OpenApi() const;
};

// GET /openapi.json. Mount it last: it describes what was mounted before.
void MountOpenApi(http::Router& router, const Catalog& catalog);

namespace operation {

Status ReadText(std::string_view member, std::string_view text, std::string& to);
Status ReadText(std::string_view member, std::string_view text, bool& to);
Status ReadText(std::string_view member, std::string_view text, std::int64_t& to);
Status ReadText(std::string_view member, std::string_view text, double& to);

template <typename T>
constexpr bool kFromText = std::is_same_v<T, std::string> || std::is_same_v<T, bool> ||
                           std::is_same_v<T, std::int64_t> || std::is_same_v<T, double>;

// True when the path captures `member`: "/runs/{run_id}" captures run_id.
bool Captures(std::string_view path, std::string_view member);

template <typename T>
Result<T> ReadRequest(const http::Request& request) {
  T in{};
  const bool in_query = request.verb == Verb::kGet || request.verb == Verb::kHead || request.verb == Verb::kDelete;
  if (!in_query && !request.body.empty()) {
    MARU_ASSIGN_OR_RETURN(in, json::Decode<T>(request.body));
  }
  Status status;
  boost::mp11::mp_for_each<boost::describe::describe_members<T, boost::describe::mod_any_access>>([&](auto member) {
    if (!status.ok()) return;
    auto& to = in.*member.pointer;
    using Member = std::remove_cvref_t<decltype(to)>;
    for (const auto& [name, value] : request.captures) {
      if (name != member.name) continue;
      if constexpr (kFromText<Member>) status = ReadText(member.name, value, to);
      return;
    }
    if (!in_query) return;
    for (const auto& [name, value] : request.query) {
      if (name != member.name || !status.ok()) continue;
      if constexpr (json::shape::IsVector<Member>::value) {
        if constexpr (kFromText<typename Member::value_type>) status = ReadText(member.name, value, to.emplace_back());
      } else if constexpr (json::shape::IsOptional<Member>::value) {
        if constexpr (kFromText<typename Member::value_type>) status = ReadText(member.name, value, to.emplace());
      } else if constexpr (kFromText<Member>) {
        status = ReadText(member.name, value, to);
      }
    }
  });
  if (!status.ok()) return status;
  return in;
}

template <typename T>
void DescribeRequest(Description& description, Components& components) {
  const bool in_query = description.verb == Verb::kGet || description.verb == Verb::kDelete;
  std::string properties;
  boost::mp11::mp_for_each<boost::describe::describe_members<T, boost::describe::mod_any_access>>([&](auto member) {
    using Member = std::remove_cvref_t<decltype(std::declval<T>().*member.pointer)>;
    const std::string schema = schema::Of<Member>(components);
    const bool in_path = Captures(description.path, member.name);
    if (in_path || in_query) {
      description.parameters.push_back({member.name, in_path, in_path, schema});
    } else {
      properties += (properties.empty() ? "" : ",") + json::Quote(member.name) + ":" + schema;
    }
  });
  if (!properties.empty()) description.body_schema = R"({"type":"object","properties":{)" + properties + "}}";
}

}  // namespace operation

template <typename Service>
struct Action {
  Result<http::Reply> (*call)(Service&, const http::Request&);
  void (*describe)(Description&, Components&);
};

template <auto Function>
struct ActionOf;

template <typename Service, typename In, typename Out, Result<Out> (*Function)(Service&, const Caller&, In)>
struct ActionOf<Function> {
  static Result<http::Reply> Call(Service& service, const http::Request& request) {
    MARU_ASSIGN_OR_RETURN(In in, operation::ReadRequest<In>(request));
    MARU_ASSIGN_OR_RETURN(const Out out, Function(service, request.caller, std::move(in)));
    return http::Reply::Json(json::Encode(out));
  }
  static void Describe(Description& description, Components& components) {
    operation::DescribeRequest<In>(description, components);
    description.answer_schema = schema::Of<Out>(components);
  }
  static constexpr Action<Service> value{Call, Describe};
};

// For the few whose answer is not JSON: they get the request itself too and make the reply.
template <typename Service, typename In, Result<http::Reply> (*Function)(Service&, const http::Request&, In)>
struct ActionOf<Function> {
  static Result<http::Reply> Call(Service& service, const http::Request& request) {
    MARU_ASSIGN_OR_RETURN(In in, operation::ReadRequest<In>(request));
    return Function(service, request, std::move(in));
  }
  static void Describe(Description& description, Components& components) {
    operation::DescribeRequest<In>(description, components);
    description.answer_type = "*/*";
  }
  static constexpr Action<Service> value{Call, Describe};
};

template <auto Function>
constexpr auto Does = ActionOf<Function>::value;

template <typename Service>
struct Row {
  Verb verb;
  const char* path;  // below kRoot
  Permission permission;
  const char* summary;
  Action<Service> action;
};

// `service` must outlive the router.
template <typename Service, std::size_t N>
void Mount(http::Router& router, Catalog& catalog, Service& service, const char* tag, const Row<Service> (&rows)[N]) {
  for (const Row<Service>& row : rows) {
    router.Add({row.verb, std::string(kRoot) + row.path, row.permission,
                http::Handler([&service, call = row.action.call](const http::Request& request) {
                  return call(service, request);
                }),
                FormatError});
    Description description{
        .verb = row.verb, .path = row.path, .tag = tag, .summary = row.summary, .permission = row.permission};
    row.action.describe(description, catalog.components);
    catalog.operations.push_back(std::move(description));
  }
}

}  // namespace maru::api::own
