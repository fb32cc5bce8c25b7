// Bytes to requests: request line, fields, and chunked bodies, with nothing of sockets in it, so that it can be fuzzed.
//
// One parser reads one request. Beast's basic_parser does the grammar; this adds what it leaves to its user: one way
// to read every message (RFC 9112 sections 3.2 and 6.3, against request smuggling) and decoding of the target.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "maru/http/message.h"
#include "maru/http/refusal.h"

namespace maru::http {

class RequestParser {
 public:
  explicit RequestParser(std::size_t header_bytes_max);
  ~RequestParser();

  struct Step {
    std::size_t used = 0;            // bytes of the input that are done with
    bool done = false;               // the head, or the chunked body, is complete
    std::optional<Refusal> refusal;  // the connection is of no use after this
  };

  // Whole lines are used as they come; bytes not used must come again, with more behind them. Fills `request` but for
  // captures, body, peer and caller.
  Step ParseHead(std::string_view data, Request& request);

  // After ParseHead is done:
  std::string_view raw_path() const;  // percent-encoded, for the router; views this parser
  bool keep_alive() const;            // what the client asked for
  bool is_http_1_0() const;
  bool chunked() const;
  bool expect_continue() const;

  // Appends what `data` holds of a chunked body to `body`. Refuses with 413 as soon as more than `bytes_max` are
  // announced in all (the same on every call; nullopt for no limit).
  Step ParseChunks(std::string_view data, std::optional<std::uint64_t> bytes_max, std::string& body);

 private:
  class Grammar;
  std::unique_ptr<Grammar> grammar_;
};

}  // namespace maru::http
