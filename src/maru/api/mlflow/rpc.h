// How a row of MLflow's REST API becomes a route: one function from a described request to a described response.
//
//   Result<CreateRunResponse> CreateRun(tracking::RunService& runs, const Caller& caller, CreateRunRequest request);
//
//   constexpr Rpc<tracking::RunService> kRuns[] = {
//       {Verb::kPost, "2.0/mlflow/runs/create", Permission::kEdit, Call<CreateRun>},
//   };
//   void MountRuns(http::Router& router, tracking::RunService& runs) { Mount(router, runs, kRuns); }
//
// Every row answers under /api and, for MLflow's own page, under /ajax-api. GET and DELETE without a body read their
// request from the query string, everything else from a JSON body; an empty body is an empty request.
#pragma once

#include <boost/describe/members.hpp>
#include <boost/mp11/algorithm.hpp>

#include <functional>
#include <optional>
#include <string>
#include <type_traits>

#include "maru/api/mlflow/error.h"
#include "maru/http/router.h"
#include "maru/json/json.h"

namespace maru::api::mlflow {

using http::Verb;

// What a handler without a result answers: {}.
struct Empty {};
BOOST_DESCRIBE_STRUCT(Empty, (), ())

template <typename Service>
struct Rpc {
  Verb verb;
  const char* path;  // after /api/ or /ajax-api/
  Permission permission;
  Result<http::Reply> (*call)(Service&, const http::Request&);
};

// How a member of a request reads its value from a query string.
enum class QueryMember {
  kText,  // numbers too: they are read from strings
  kFlag,  // true or false, in any case
  kList,  // every value of its key; the others take the first
};

// The query string as a JSON object. `member` tells what a key is; asked once per key.
std::string QueryAsJson(const http::Request& request, const std::function<QueryMember(std::string_view key)>& member);

template <typename T>
QueryMember QueryMemberOf(std::string_view key) {
  QueryMember found = QueryMember::kText;
  boost::mp11::mp_for_each<boost::describe::describe_members<T, boost::describe::mod_any_access>>([&](auto member) {
    using Member = std::remove_cvref_t<decltype(std::declval<T>().*member.pointer)>;
    if (key != member.name) return;
    if (std::is_same_v<Member, bool> || std::is_same_v<Member, std::optional<bool>>) found = QueryMember::kFlag;
    if (json::shape::IsVector<Member>::value) found = QueryMember::kList;
  });
  return found;
}

// A failure of json::Decode in MLflow's words: "Invalid value 123 for parameter 'name' supplied:  Hint: …".
Status InMlflowWords(const Status& status);

template <typename T>
Result<T> DecodeJson(std::string_view text) {
  Result<T> decoded = json::Decode<T>(text);
  if (!decoded.ok()) return InMlflowWords(decoded.status());
  return decoded;
}

template <typename T>
Result<T> DecodeRequest(const http::Request& request) {
  if (request.body.empty() && (request.verb == Verb::kGet || request.verb == Verb::kDelete)) {
    return DecodeJson<T>(QueryAsJson(request, QueryMemberOf<T>));
  }
  return DecodeJson<T>(request.body.empty() ? "{}" : std::string_view(request.body));
}

template <auto Function>
struct CallOf;

template <typename Service, typename In, typename Out, Result<Out> (*Function)(Service&, const Caller&, In)>
struct CallOf<Function> {
  static Result<http::Reply> Run(Service& service, const http::Request& request) {
    MARU_ASSIGN_OR_RETURN(In in, DecodeRequest<std::remove_cvref_t<In>>(request));
    MARU_ASSIGN_OR_RETURN(const Out out, Function(service, request.caller, std::move(in)));
    return http::Reply::Json(json::Encode(out));
  }
};

// Same, for the few that also need the path's captures or headers.
template <typename Service, typename In, typename Out, Result<Out> (*Function)(Service&, const http::Request&, In)>
struct CallOf<Function> {
  static Result<http::Reply> Run(Service& service, const http::Request& request) {
    MARU_ASSIGN_OR_RETURN(In in, DecodeRequest<std::remove_cvref_t<In>>(request));
    MARU_ASSIGN_OR_RETURN(const Out out, Function(service, request, std::move(in)));
    return http::Reply::Json(json::Encode(out));
  }
};

template <auto Function>
constexpr auto Call = &CallOf<Function>::Run;

// `service` must outlive the router.
template <typename Service, std::size_t N>
void Mount(http::Router& router, Service& service, const Rpc<Service> (&rows)[N]) {
  for (const Rpc<Service>& row : rows) {
    for (const char* root : {"/api/", "/ajax-api/"}) {
      router.Add(
          {row.verb, std::string(root) + row.path, row.permission,
           http::Handler([&service, call = row.call](const http::Request& request) { return call(service, request); }),
           FormatError});
    }
  }
}

}  // namespace maru::api::mlflow
