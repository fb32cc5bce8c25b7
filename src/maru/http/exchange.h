// One request and its reply, with what the server itself knows about them.
#pragma once

#include <absl/functional/function_ref.h>

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "maru/http/connection.h"
#include "maru/http/gzip.h"
#include "maru/http/message.h"
#include "maru/http/request_parser.h"
#include "maru/http/router.h"

namespace maru::http {

struct Exchange {
  explicit Exchange(std::size_t header_bytes_max) : parser(header_bytes_max) {}

  RequestParser parser;
  Request request;
  const Route* route = nullptr;
  ErrorFormatter format_error = nullptr;
  ContentCoding coding = ContentCoding::kIdentity;  // of the request's body
  bool accepts_gzip = false;
  std::uint64_t body_left = 0;  // announced by Content-Length and not read yet
  bool body_done = true;        // nothing of the body is left on the connection
  bool continue_sent = false;

  Reply reply;
  bool answered = false;  // `reply` counts
  std::string head;       // the reply's first bytes, with its body when that is small
  std::string_view rest;  // the body otherwise; views `reply`
  bool close = false;     // the connection ends after this reply
  bool reply_chunked = false;

  SteadyClock::time_point started;
  std::uint64_t bytes_in = 0;
  std::uint64_t bytes_out = 0;
};

// Finds the route, moves its captures into the request, and reads the headers the server needs. False, with the reply
// ready, when there is none or the request cannot be right.
bool Dispatch(const ServerCore& core, Exchange& exchange);

// Calls `answer` and makes the reply of what comes of it: in the wire's own shape when it fails, 500 when it throws.
void Answer(Exchange& exchange, absl::FunctionRef<Result<Reply>()> answer);
// A refusal in the wire's own shape. `http_status` 0 leaves the status line to the formatter.
void Refuse(Exchange& exchange, int http_status, const Status& status);

Status Admit(const ServerCore& core, Exchange& exchange);  // catches what the gatekeeper throws
Status DecompressBody(const ServerCore& core, Exchange& exchange, int* http_status);

// Fills head and rest from the reply; compresses it where that pays.
void Serialize(const ServerCore& core, Exchange& exchange);

}  // namespace maru::http
