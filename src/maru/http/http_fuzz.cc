// Feeds the request parser bytes in pieces of every size, and checks what it promises: it never reads beyond its
// input, holds its limits, makes progress, and lets through only decoded text that is UTF-8 without NUL.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "maru/http/gzip.h"
#include "maru/http/request_parser.h"
#include "maru/http/router.h"
#include "maru/http/target.h"

using maru::http::Request;
using maru::http::RequestParser;

namespace {

constexpr std::size_t kHeadMax = 512;
constexpr std::size_t kBodyMax = 256;

void Check(bool promise) {
  if (!promise) std::abort();
}

// The head, then the chunks, with `step` more bytes at a time.
void ParseInSteps(std::string_view data, std::size_t step) {
  RequestParser parser(kHeadMax);
  Request request;
  std::string body;
  std::size_t begin = 0;
  std::size_t end = 0;
  bool in_body = false;
  while (true) {
    // A copy of just these bytes, so that the sanitizer sees any step beyond.
    const std::string arrived(data.substr(begin, end - begin));
    const RequestParser::Step result =
        in_body ? parser.ParseChunks(arrived, kBodyMax, body) : parser.ParseHead(arrived, request);
    Check(result.used <= arrived.size());
    Check(body.size() <= kBodyMax);
    if (result.refusal) {
      Check(result.refusal->http_status >= 400 && !result.refusal->status.ok());
      return;
    }
    begin += result.used;
    if (result.done && !in_body) {
      Check(begin <= kHeadMax);
      Check(maru::http::IsUtf8(request.path) && request.path.find('\0') == std::string::npos);
      Check(!(parser.chunked() && request.content_length));
      if (!parser.chunked()) return;
      in_body = true;
      continue;
    }
    if (result.done || end == data.size()) return;
    end = std::min(data.size(), end + step);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view data(reinterpret_cast<const char*>(bytes) + 1, size - 1);
  ParseInSteps(data, 1 + bytes[0] % 64);
  ParseInSteps(data, data.size() + 1);
  const auto coding = bytes[0] % 2 ? maru::http::ContentCoding::kGzip : maru::http::ContentCoding::kDeflate;
  if (const auto text = maru::http::Decompress(data, coding, kBodyMax); text.ok()) Check(text->size() <= kBodyMax);
  maru::http::AcceptsGzip(data);
  if (const auto query = maru::http::DecodeQuery(data)) {
    for (const auto& [key, value] : *query) Check(maru::http::IsUtf8(key) && maru::http::IsUtf8(value));
  }
  static const maru::http::Router* const router = [] {
    auto* r = new maru::http::Router;
    for (const char* path : {"/", "/a", "/a/{b}", "/a/{b}/c", "/{x}/c", "/f/{rest...}"}) {
      r->Add({maru::http::Verb::kGet, path, maru::Permission::kPublic, maru::http::Handler(), nullptr});
    }
    return r;
  }();
  router->Find(maru::http::Verb::kGet, data);
  return 0;
}
