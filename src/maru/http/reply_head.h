// The status line and headers of a reply as bytes.
#pragma once

#include <cstdint>
#include <ctime>
#include <optional>
#include <string>
#include <string_view>

#include "maru/http/message.h"

namespace maru::http {

struct ReplyFraming {
  std::optional<std::uint64_t> content_length;
  bool chunked = false;  // neither of both: the body ends with the connection
  bool keep_alive = true;
  bool http_1_0 = false;
};

bool StatusHasBody(int status);  // RFC 9110: not 1xx, 204 and 304

// Headers that belong to the server (length, framing, date, request id) are left out of reply.headers, and control
// characters in values become spaces, so that no handler can split a reply.
void AppendReplyHead(std::string& out, const Reply& reply, const ReplyFraming& framing, std::string_view request_id);

// "Sun, 06 Nov 1994 08:49:37 GMT"
std::string FormatHttpDate(std::time_t time);

}  // namespace maru::http
