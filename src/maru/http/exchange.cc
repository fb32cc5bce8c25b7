#include "maru/http/exchange.h"

#include <exception>

#include "maru/http/reply_head.h"

namespace maru::http {
namespace {

// Bodies up to this size are copied behind the head: one buffer, one packet.
constexpr std::size_t kInlineBodyBytes = 16 * 1024;

std::string AllowedVerbs(const Router& router, std::string_view path) {
  std::string allow;
  for (const Verb verb :
       {Verb::kGet, Verb::kHead, Verb::kPost, Verb::kPut, Verb::kPatch, Verb::kDelete, Verb::kOptions}) {
    if (router.Find(verb, path).route == nullptr) continue;
    if (!allow.empty()) allow += ", ";
    allow += VerbName(verb);
  }
  return allow;
}

}  // namespace

bool Dispatch(const ServerCore& core, Exchange& x) {
  const std::string_view path = x.parser.raw_path();
  Router::Match match = core.router.Find(x.request.verb, path);
  x.body_left = x.request.content_length.value_or(0);
  x.body_done = x.body_left == 0 && !x.parser.chunked();
  if (match.route == nullptr) {
    x.format_error = core.router.Fallback(path);
    if (!match.path_known) {
      Refuse(x, 404, NotFound("there is nothing at {} {}", VerbName(x.request.verb), x.request.path));
    } else {
      Refuse(x, 405, Unimplemented("{} does not take {}", x.request.path, VerbName(x.request.verb)));
      x.reply.headers.Add("Allow", AllowedVerbs(core.router, path));
    }
    return false;
  }
  x.route = match.route;
  x.format_error = match.route->format_error;
  x.request.captures = std::move(match.captures);
  x.accepts_gzip = AcceptsGzip(x.request.headers.Get("Accept-Encoding"));
  x.coding = ParseContentCoding(x.request.headers.Get("Content-Encoding"));
  const bool streamed = std::holds_alternative<UploadHandler>(x.route->handler);
  if (x.coding == ContentCoding::kUnknown || (streamed && x.coding != ContentCoding::kIdentity)) {
    Refuse(x, 415,
           InvalidArgument("this Content-Encoding is not read here; send the body {}",
                           streamed ? "as it is" : "as it is, in gzip or in deflate"));
    x.reply.headers.Add("Accept-Encoding", streamed ? "identity" : "gzip, deflate");
    return false;
  }
  if (!streamed && x.body_left > core.options.body_bytes_max) {
    Refuse(x, 413, InvalidArgument("the request's body is larger than {} bytes", core.options.body_bytes_max));
    return false;
  }
  return true;
}

void Refuse(Exchange& x, int http_status, const Status& status) {
  x.answered = true;
  try {
    x.reply = x.format_error(status, x.request);
  } catch (const std::exception&) {
    x.reply = Reply{.status = 500};
  }
  if (http_status != 0) x.reply.status = http_status;
  if (http_status == 503) x.reply.headers.Add("Retry-After", "1");
}

void Answer(Exchange& x, absl::FunctionRef<Result<Reply>()> answer) {
  Status failure;
  try {
    Result<Reply> result = answer();
    if (result.ok()) {
      x.reply = *std::move(result);
      x.answered = true;
      return;
    }
    failure = result.status();
  } catch (const std::exception&) {
    failure = Internal("internal error");  // what it says may hold internals
  }
  Refuse(x, 0, failure);
}

Status Admit(const ServerCore& core, Exchange& x) {
  if (core.gatekeeper == nullptr) return OkStatus();
  try {
    return core.gatekeeper->Admit(x.request, *x.route);
  } catch (const std::exception&) {
    return Internal("internal error");
  }
}

Status DecompressBody(const ServerCore& core, Exchange& x, int* http_status) {
  *http_status = 0;
  if (x.coding == ContentCoding::kIdentity || x.request.body.empty()) return OkStatus();
  Result<std::string> text = Decompress(x.request.body, x.coding, core.options.body_bytes_max);
  if (!text.ok()) {
    *http_status = absl::IsResourceExhausted(text.status()) ? 413 : 400;
    return text.status();
  }
  x.request.body = *std::move(text);
  return OkStatus();
}

void Serialize(const ServerCore& core, Exchange& x) {
  Reply& reply = x.reply;
  if (reply.status < 200 || reply.status > 599) reply.status = 500;
  const bool head_only = x.request.verb == Verb::kHead || !StatusHasBody(reply.status);
  const bool streamed = reply.stream != nullptr || reply.live != nullptr;
  if (!streamed && !head_only && WorthCompressing(reply.content_type, reply.body.size()) &&
      !reply.headers.Has("Content-Encoding")) {
    reply.headers.Add("Vary", "Accept-Encoding");
    if (x.accepts_gzip) {
      std::string small = Gzip(reply.body);
      if (!small.empty() && small.size() < reply.body.size()) {
        reply.body = std::move(small);
        reply.headers.Add("Content-Encoding", "gzip");
      }
    }
  }
  ReplyFraming framing{.http_1_0 = x.parser.is_http_1_0()};
  if (!streamed) {
    framing.content_length = reply.body.size();
  } else if (reply.live == nullptr && reply.stream_length) {
    framing.content_length = reply.stream_length;
  } else if (!framing.http_1_0) {
    framing.chunked = true;
  } else {
    x.close = true;
  }
  x.reply_chunked = framing.chunked;
  if (core.draining.load(std::memory_order_relaxed)) x.close = true;
  framing.keep_alive = !x.close;
  x.head.clear();
  x.head.reserve(256 + (reply.body.size() <= kInlineBodyBytes ? reply.body.size() : 0));
  AppendReplyHead(x.head, reply, framing, x.request.request_id);
  x.rest = {};
  if (head_only || streamed) return;
  if (reply.body.size() <= kInlineBodyBytes) {
    x.head.append(reply.body);
  } else {
    x.rest = reply.body;
  }
}

}  // namespace maru::http
