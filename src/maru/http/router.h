// Which handler answers which request. Routes are one visible table per wire; the table also says who may call.
//
// Paths are literal segments, {name} for one segment, and {name...} for the rest of the path, slashes included.
// A literal segment wins over a capture. HEAD falls back to GET. Built at start, then read-only and thread-safe.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "maru/base/caller.h"
#include "maru/http/message.h"

namespace maru::http {

// Runs on a pool thread, may block on storage. The body has arrived whole.
using Handler = std::function<Result<Reply>(const Request&)>;
// Runs on the I/O thread and must not block; calls `respond` exactly once, from any thread, now or later.
using Responder = std::function<void(Result<Reply>)>;
using AsyncHandler = std::function<void(Request, Responder)>;
// Runs on a pool thread when the head has arrived; the body is then pumped into the sink.
using UploadHandler = std::function<Result<std::unique_ptr<UploadSink>>(const Request& head)>;

// Turns a failure into the wire's own shape. `status` is never OK.
using ErrorFormatter = Reply (*)(const Status& status, const Request& request);

struct Route {
  Verb verb;
  std::string path;
  Permission permission;
  std::variant<Handler, AsyncHandler, UploadHandler> handler;
  ErrorFormatter format_error;
};

class Router {
 public:
  // Two routes of the same verb and shape are a programming mistake and abort at start.
  void Add(Route route);

  struct Match {
    const Route* route = nullptr;
    std::vector<std::pair<std::string_view, std::string>> captures;
    bool path_known = false;  // the path exists with another verb: answer 405, not 404
  };
  // `path` is percent-encoded, as sent: splitting comes before decoding, so %2F stays inside its segment.
  Match Find(Verb verb, std::string_view path) const;

  // Sets the error shape for requests under `prefix` that match no route ("" is the default).
  void SetFallback(std::string prefix, ErrorFormatter format_error);
  ErrorFormatter Fallback(std::string_view path) const;

  // Every route, in the order added; for the tests that walk them and for the generated tables in docs/.
  const std::vector<std::unique_ptr<Route>>& routes() const { return routes_; }

 private:
  struct Node;
  std::vector<std::unique_ptr<Route>> routes_;
  std::shared_ptr<Node> root_;
  std::vector<std::pair<std::string, ErrorFormatter>> fallbacks_;
};

}  // namespace maru::http
