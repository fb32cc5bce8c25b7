#include "maru/http/router.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <map>

#include "maru/http/target.h"

namespace maru::http {
namespace {

constexpr std::size_t kVerbs = 7;

std::string_view TakeSegment(std::string_view& rest) {
  const std::string_view segment = rest.substr(0, rest.find('/'));
  rest.remove_prefix(std::min(segment.size() + 1, rest.size()));
  return segment;
}

bool IsCapture(std::string_view segment) {
  return segment.size() > 2 && segment.front() == '{' && segment.back() == '}';
}
bool IsRest(std::string_view segment) {
  return IsCapture(segment) && segment.ends_with("...}");
}

[[noreturn]] void Mistake(std::string_view what, const Route& route) {
  std::fprintf(stderr, "route %s %s: %.*s\n", VerbName(route.verb).data(), route.path.c_str(),
               static_cast<int>(what.size()), what.data());
  std::abort();
}

// What the wires' own formatters would answer, for paths that belong to none of them.
Reply FormatPlain(const Status& status, const Request&) {
  struct {
    absl::StatusCode code;
    int http_status;
  } constexpr kStatuses[] = {
      {absl::StatusCode::kInvalidArgument, 400},    {absl::StatusCode::kOutOfRange, 400},
      {absl::StatusCode::kUnauthenticated, 401},    {absl::StatusCode::kPermissionDenied, 403},
      {absl::StatusCode::kNotFound, 404},           {absl::StatusCode::kAlreadyExists, 409},
      {absl::StatusCode::kFailedPrecondition, 409}, {absl::StatusCode::kAborted, 409},
      {absl::StatusCode::kResourceExhausted, 429},  {absl::StatusCode::kUnimplemented, 501},
      {absl::StatusCode::kUnavailable, 503},        {absl::StatusCode::kDeadlineExceeded, 504},
  };
  int http_status = 500;
  for (const auto& row : kStatuses) {
    if (row.code == status.code()) http_status = row.http_status;
  }
  Reply reply = Reply::Text(http_status == 500 ? "internal error\n" : std::string(status.message()) + "\n");
  reply.status = http_status;
  return reply;
}

}  // namespace

struct Router::Node {
  std::map<std::string, std::shared_ptr<Node>, std::less<>> literals;
  std::shared_ptr<Node> capture;
  std::array<const Route*, kVerbs> here{};  // routes that end at this node
  std::array<const Route*, kVerbs> rest{};  // routes that take everything below this node

  static const Route* Pick(const std::array<const Route*, kVerbs>& routes, Verb verb, bool* path_known) {
    for (const Route* route : routes) *path_known |= route != nullptr;
    const Route* route = routes[static_cast<std::size_t>(verb)];
    if (route == nullptr && verb == Verb::kHead) route = routes[static_cast<std::size_t>(Verb::kGet)];
    return route;
  }

  // `at_end`: the path is used up, and did not end in '/'. Values are pushed as captures are entered and popped when
  // a branch leads nowhere.
  const Route* Find(Verb verb, std::string_view path, bool at_end, std::vector<std::string_view>& values,
                    bool* path_known) const {
    if (at_end) return Pick(here, verb, path_known);
    std::string_view below = path;
    const std::string_view segment = TakeSegment(below);
    const bool last = segment.size() == path.size();
    if (const auto literal = literals.find(segment); literal != literals.end()) {
      if (const Route* route = literal->second->Find(verb, below, last, values, path_known)) return route;
    }
    if (capture != nullptr && !segment.empty()) {
      values.push_back(segment);
      if (const Route* route = capture->Find(verb, below, last, values, path_known)) return route;
      values.pop_back();
    }
    if (const Route* route = Pick(rest, verb, path_known)) {
      values.push_back(path);
      return route;
    }
    return nullptr;
  }
};

void Router::Add(Route route) {
  if (root_ == nullptr) root_ = std::make_shared<Node>();
  routes_.push_back(std::make_unique<Route>(std::move(route)));
  const Route& added = *routes_.back();
  std::string_view path = added.path;
  if (!path.starts_with('/')) Mistake("must start with /", added);
  path.remove_prefix(1);
  Node* node = root_.get();
  std::array<const Route*, kVerbs>* slots = nullptr;
  for (bool last = false; !last;) {
    std::string_view below = path;
    const std::string_view segment = TakeSegment(below);
    last = segment.size() == path.size();
    if (IsRest(segment)) {
      if (!last) Mistake("{name...} must come last", added);
      slots = &node->rest;
      break;
    }
    std::shared_ptr<Node>& child =
        IsCapture(segment) ? node->capture : node->literals.try_emplace(std::string(segment)).first->second;
    if (child == nullptr) child = std::make_shared<Node>();
    node = child.get();
    path = below;
  }
  if (slots == nullptr) slots = &node->here;
  const Route*& slot = (*slots)[static_cast<std::size_t>(added.verb)];
  if (slot != nullptr) Mistake("is there already", added);
  slot = &added;
}

Router::Match Router::Find(Verb verb, std::string_view path) const {
  Match match;
  if (root_ == nullptr || !path.starts_with('/')) return match;
  path.remove_prefix(1);
  std::vector<std::string_view> values;
  match.route = root_->Find(verb, path, false, values, &match.path_known);
  if (match.route == nullptr) return match;
  // The captures' names are the matched route's own: another verb of the same shape may call them otherwise.
  std::string_view pattern = std::string_view(match.route->path).substr(1);
  for (const std::string_view value : values) {
    std::string_view segment = TakeSegment(pattern);
    while (!IsCapture(segment)) segment = TakeSegment(pattern);
    segment.remove_prefix(1);
    segment.remove_suffix(segment.ends_with("...}") ? 4 : 1);
    match.captures.emplace_back(segment, DecodePath(value).value_or(std::string()));
  }
  return match;
}

void Router::SetFallback(std::string prefix, ErrorFormatter format_error) {
  fallbacks_.emplace_back(std::move(prefix), format_error);
}

ErrorFormatter Router::Fallback(std::string_view path) const {
  ErrorFormatter best = FormatPlain;
  std::size_t best_size = 0;
  for (const auto& [prefix, format_error] : fallbacks_) {
    if (path.starts_with(prefix) && prefix.size() >= best_size) {
      best = format_error;
      best_size = prefix.size();
    }
  }
  return best;
}

}  // namespace maru::http
