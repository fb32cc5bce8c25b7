// A request and a reply as handlers see them: plain data, no sockets.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "maru/base/caller.h"
#include "maru/http/stream.h"

namespace maru::http {

enum class Verb { kGet, kHead, kPost, kPut, kPatch, kDelete, kOptions };
std::string_view VerbName(Verb verb);

// Header names compare without case; a handful per message, so a list beats a map.
class Headers {
 public:
  // The first value of `name`, or empty.
  std::string_view Get(std::string_view name) const;
  bool Has(std::string_view name) const;
  void Add(std::string name, std::string value) { list_.emplace_back(std::move(name), std::move(value)); }
  auto begin() const { return list_.begin(); }
  auto end() const { return list_.end(); }

 private:
  std::vector<std::pair<std::string, std::string>> list_;
};

struct Request {
  Verb verb = Verb::kGet;
  std::string path;                                                // decoded once; never contains a query
  std::string raw_query;                                           // as sent, without '?'
  std::vector<std::pair<std::string, std::string>> query;          // decoded, in order; a key may repeat
  std::vector<std::pair<std::string_view, std::string>> captures;  // values of {name} in the route's path, decoded
  Headers headers;
  std::string body;  // whole and decompressed; empty for upload routes
  std::optional<std::uint64_t> content_length;
  std::string request_id;  // the client's X-Request-Id, or a new one
  std::string peer;        // "ip:port" of the socket
  bool secure = false;     // came over TLS
  Caller caller;           // filled by the gatekeeper

  std::string_view Capture(std::string_view name) const;               // empty when the route has none of that name
  std::optional<std::string_view> Query(std::string_view name) const;  // first value
};

struct Reply {
  int status = 200;
  std::string content_type = "application/json";
  std::string body;
  Headers headers;
  std::unique_ptr<BodySource> stream;          // when set, the body comes from here instead
  std::optional<std::uint64_t> stream_length;  // Content-Length of `stream`; chunked when unknown
  std::unique_ptr<LiveSource> live;            // when set, the body is sent piece by piece as this wakes

  static Reply Json(std::string body) { return Reply{.body = std::move(body)}; }
  static Reply Text(std::string body) {
    return Reply{.content_type = "text/plain; charset=utf-8", .body = std::move(body)};
  }
};

}  // namespace maru::http
