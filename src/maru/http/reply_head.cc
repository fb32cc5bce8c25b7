#include "maru/http/reply_head.h"

#include <strings.h>

#include <charconv>

namespace maru::http {
namespace {

std::string_view Reason(int status) {
  switch (status) {
    case 100:
      return "Continue";
    case 200:
      return "OK";
    case 201:
      return "Created";
    case 202:
      return "Accepted";
    case 204:
      return "No Content";
    case 206:
      return "Partial Content";
    case 301:
      return "Moved Permanently";
    case 302:
      return "Found";
    case 303:
      return "See Other";
    case 304:
      return "Not Modified";
    case 307:
      return "Temporary Redirect";
    case 308:
      return "Permanent Redirect";
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 408:
      return "Request Timeout";
    case 409:
      return "Conflict";
    case 410:
      return "Gone";
    case 412:
      return "Precondition Failed";
    case 413:
      return "Content Too Large";
    case 415:
      return "Unsupported Media Type";
    case 416:
      return "Range Not Satisfiable";
    case 422:
      return "Unprocessable Content";
    case 429:
      return "Too Many Requests";
    case 431:
      return "Request Header Fields Too Large";
    case 499:
      return "Client Closed Request";
    case 500:
      return "Internal Server Error";
    case 501:
      return "Not Implemented";
    case 502:
      return "Bad Gateway";
    case 503:
      return "Service Unavailable";
    case 504:
      return "Gateway Timeout";
    case 505:
      return "HTTP Version Not Supported";
    case 507:
      return "Insufficient Storage";
    default:
      return "Other";
  }
}

bool IsOurs(std::string_view name) {
  for (const std::string_view ours :
       {"Content-Length", "Transfer-Encoding", "Connection", "Keep-Alive", "Date", "X-Request-Id", "Content-Type"}) {
    if (name.size() == ours.size() && strncasecmp(name.data(), ours.data(), ours.size()) == 0) return true;
  }
  return false;
}

void AppendNumber(std::string& out, std::uint64_t number) {
  char digits[20];
  const auto end = std::to_chars(digits, digits + sizeof(digits), number);
  out.append(digits, end.ptr);
}

void AppendField(std::string& out, std::string_view name, std::string_view value) {
  out.append(name).append(": ");
  const std::size_t start = out.size();
  out.append(value);
  for (std::size_t i = start; i < out.size(); ++i) {
    if (static_cast<unsigned char>(out[i]) < 0x20 || out[i] == 0x7f) out[i] = ' ';
  }
  out.append("\r\n");
}

// Formatted once a second and thread.
std::string_view DateNow() {
  thread_local std::time_t formatted_at = 0;
  thread_local std::string text;
  timespec now;
  clock_gettime(CLOCK_REALTIME_COARSE, &now);
  if (now.tv_sec != formatted_at) {
    formatted_at = now.tv_sec;
    text = FormatHttpDate(now.tv_sec);
  }
  return text;
}

}  // namespace

bool StatusHasBody(int status) {
  return status >= 200 && status != 204 && status != 304;
}

std::string FormatHttpDate(std::time_t time) {
  std::tm parts;
  gmtime_r(&time, &parts);
  char text[64];
  const std::size_t size = strftime(text, sizeof(text), "%a, %d %b %Y %H:%M:%S GMT", &parts);
  return std::string(text, size);
}

void AppendReplyHead(std::string& out, const Reply& reply, const ReplyFraming& framing, std::string_view request_id) {
  out.append("HTTP/1.1 ");
  AppendNumber(out, static_cast<std::uint64_t>(reply.status));
  out.append(" ").append(Reason(reply.status)).append("\r\nDate: ").append(DateNow()).append("\r\n");
  if (StatusHasBody(reply.status)) {
    if (!reply.content_type.empty()) AppendField(out, "Content-Type", reply.content_type);
    if (framing.chunked) {
      out.append("Transfer-Encoding: chunked\r\n");
    } else if (framing.content_length) {
      out.append("Content-Length: ");
      AppendNumber(out, *framing.content_length);
      out.append("\r\n");
    }
  }
  // Artifacts are served from the page's own origin: browsers must not guess that one of them is a script.
  out.append("X-Content-Type-Options: nosniff\r\nX-Request-Id: ").append(request_id).append("\r\n");
  if (!framing.keep_alive) {
    out.append("Connection: close\r\n");
  } else if (framing.http_1_0) {
    out.append("Connection: keep-alive\r\n");
  }
  for (const auto& [name, value] : reply.headers) {
    if (!IsOurs(name)) AppendField(out, name, value);
  }
  out.append("\r\n");
}

}  // namespace maru::http
