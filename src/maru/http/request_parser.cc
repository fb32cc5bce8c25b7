#include "maru/http/request_parser.h"

#include <strings.h>

#include <boost/beast/http/basic_parser.hpp>

#include "maru/base/ids.h"
#include "maru/http/target.h"

namespace maru::http {

namespace beast = boost::beast;

namespace {

constexpr std::size_t kRequestIdBytesMax = 128;

std::optional<Verb> ToVerb(beast::http::verb verb) {
  switch (verb) {
    case beast::http::verb::get:
      return Verb::kGet;
    case beast::http::verb::head:
      return Verb::kHead;
    case beast::http::verb::post:
      return Verb::kPost;
    case beast::http::verb::put:
      return Verb::kPut;
    case beast::http::verb::patch:
      return Verb::kPatch;
    case beast::http::verb::delete_:
      return Verb::kDelete;
    case beast::http::verb::options:
      return Verb::kOptions;
    default:
      return std::nullopt;
  }
}

// A client's id goes into logs and back out as a header: only harmless characters, only so many.
bool IsGoodRequestId(std::string_view id) {
  if (id.empty() || id.size() > kRequestIdBytesMax) return false;
  for (const char c : id) {
    if (!isalnum(static_cast<unsigned char>(c)) && c != '-' && c != '_' && c != '.' && c != ':' && c != '/') {
      return false;
    }
  }
  return true;
}

}  // namespace

class RequestParser::Grammar final : public beast::http::basic_parser<true> {
 public:
  explicit Grammar(std::size_t header_bytes_max) : header_bytes_max_(header_bytes_max) {
    header_limit(static_cast<std::uint32_t>(std::min<std::size_t>(header_bytes_max, UINT32_MAX)));
    body_limit(boost::none);
  }

  Step Head(std::string_view data, Request& request) {
    request_ = &request;
    beast::error_code error;
    eager(false);
    const std::size_t used = put({data.data(), data.size()}, error);
    if (error == beast::http::error::need_more) {
      used_ += used;
      if (data.size() + used_ - used >= header_bytes_max_) return TooLong();
      return {.used = used};
    }
    if (error == beast::http::error::header_limit) return TooLong();
    if (error == beast::http::error::bad_version) return Refuse(505, "only HTTP/1.0 and HTTP/1.1 are spoken here");
    if (error) return Refuse(400, "malformed request: {}", error.message());
    if (used_ + used > header_bytes_max_) return TooLong();
    return Finish(used);
  }

  Step Chunks(std::string_view data, std::optional<std::uint64_t> bytes_max, std::string& body) {
    if (!limit_set_ && bytes_max) body_limit(*bytes_max);
    limit_set_ = true;
    body_ = &body;
    beast::error_code error;
    eager(true);
    const std::size_t used = put({data.data(), data.size()}, error);
    if (error == beast::http::error::body_limit) {
      return Refuse(413, "the request's body is larger than {} bytes", *bytes_max);
    }
    if (error && error != beast::http::error::need_more) {
      return Refuse(400, "malformed chunked body: {}", error.message());
    }
    return {.used = used, .done = is_done()};
  }

  std::string_view raw_path() const { return raw_path_; }
  bool expect_continue() const { return expect_continue_; }
  bool is_http_1_0() const { return version_ == 10; }

 private:
  template <typename... Args>
  static Step Refuse(int http_status, fmt::format_string<Args...> f, Args&&... args) {
    return {.refusal = Refusal{http_status, InvalidArgument(f, std::forward<Args>(args)...)}};
  }
  Step TooLong() const { return Refuse(431, "the request's head is larger than {} bytes", header_bytes_max_); }

  Step Finish(std::size_t used) {
    Request& request = *request_;
    if (!verb_) return Refuse(501, "this method is not supported");
    request.verb = *verb_;
    if (version_ == 11 && hosts_ != 1) return Refuse(400, "malformed request: needs exactly one Host header");
    if (transfer_encodings_ > 0 && (version_ == 10 || !chunked() || !plain_chunked_)) {
      return Refuse(400, "malformed request: the only Transfer-Encoding read here is chunked");
    }
    if (const auto length = content_length()) request.content_length = *length;
    std::string_view target = target_;
    if (!target.starts_with('/') && target != "*") {
      // The absolute form that proxies send: http://host/path.
      const std::size_t host = target.find("://");
      if (host == std::string_view::npos) return Refuse(400, "malformed request target");
      const std::size_t path = target.find_first_of("/?", host + 3);
      target = path == std::string_view::npos ? "/" : target.substr(path);
    }
    const std::size_t question = target.find('?');
    raw_path_ = target.substr(0, question);
    if (raw_path_.empty()) raw_path_ = "/";
    std::optional<std::string> path = DecodePath(raw_path_);
    if (!path) return Refuse(400, "the path has a broken percent-escape, a NUL, or bytes that are not UTF-8");
    request.path = *std::move(path);
    if (question != std::string_view::npos) {
      request.raw_query = target.substr(question + 1);
      auto query = DecodeQuery(request.raw_query);
      if (!query) return Refuse(400, "the query has a broken percent-escape, a NUL, or bytes that are not UTF-8");
      request.query = *std::move(query);
    }
    if (request.request_id.empty()) request.request_id = NewUuidHex();
    return {.used = used, .done = true};
  }

  void on_request_impl(beast::http::verb verb, beast::string_view, beast::string_view target, int version,
                       beast::error_code&) override {
    verb_ = ToVerb(verb);
    target_.assign(target.data(), target.size());
    version_ = version;
  }

  void on_field_impl(beast::http::field field, beast::string_view name, beast::string_view value,
                     beast::error_code&) override {
    if (head_done_) return;  // a trailer: nothing here wants one
    switch (field) {
      case beast::http::field::host:
        ++hosts_;
        break;
      case beast::http::field::transfer_encoding:
        ++transfer_encodings_;
        plain_chunked_ = value.size() == 7 && strncasecmp(value.data(), "chunked", 7) == 0;
        break;
      case beast::http::field::expect:
        expect_continue_ = value.size() == 12 && strncasecmp(value.data(), "100-continue", 12) == 0;
        break;
      case beast::http::field::unknown:
        if (name.size() == 12 && strncasecmp(name.data(), "X-Request-Id", 12) == 0 &&
            IsGoodRequestId({value.data(), value.size()})) {
          request_->request_id.assign(value.data(), value.size());
        }
        break;
      default:
        break;
    }
    request_->headers.Add(std::string(name.data(), name.size()), std::string(value.data(), value.size()));
  }

  void on_header_impl(beast::error_code&) override { head_done_ = true; }

  std::size_t on_chunk_body_impl(std::uint64_t, beast::string_view piece, beast::error_code&) override {
    body_->append(piece.data(), piece.size());
    return piece.size();
  }

  void on_response_impl(int, beast::string_view, int, beast::error_code&) override {}
  void on_body_init_impl(const boost::optional<std::uint64_t>&, beast::error_code&) override {}
  std::size_t on_body_impl(beast::string_view piece, beast::error_code&) override { return piece.size(); }
  void on_chunk_header_impl(std::uint64_t, beast::string_view, beast::error_code&) override {}
  void on_finish_impl(beast::error_code&) override {}

  const std::size_t header_bytes_max_;
  std::size_t used_ = 0;
  Request* request_ = nullptr;
  std::string* body_ = nullptr;
  std::optional<Verb> verb_;
  std::string target_;
  std::string raw_path_;
  int version_ = 11;
  int hosts_ = 0;
  int transfer_encodings_ = 0;
  bool plain_chunked_ = false;
  bool expect_continue_ = false;
  bool head_done_ = false;
  bool limit_set_ = false;
};

RequestParser::RequestParser(std::size_t header_bytes_max) : grammar_(std::make_unique<Grammar>(header_bytes_max)) {}
RequestParser::~RequestParser() = default;

RequestParser::Step RequestParser::ParseHead(std::string_view data, Request& request) {
  return grammar_->Head(data, request);
}
RequestParser::Step RequestParser::ParseChunks(std::string_view data, std::optional<std::uint64_t> bytes_max,
                                               std::string& body) {
  return grammar_->Chunks(data, bytes_max, body);
}
std::string_view RequestParser::raw_path() const {
  return grammar_->raw_path();
}
bool RequestParser::keep_alive() const {
  return grammar_->keep_alive();
}
bool RequestParser::is_http_1_0() const {
  return grammar_->is_http_1_0();
}
bool RequestParser::chunked() const {
  return grammar_->chunked();
}
bool RequestParser::expect_continue() const {
  return grammar_->expect_continue();
}

}  // namespace maru::http
