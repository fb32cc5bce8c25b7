// Why the server itself turns a request down, before or instead of its handler.
#pragma once

#include "maru/base/status.h"

namespace maru::http {

// The wire's formatter makes the body from `status`; the status line says `http_status`, because codes like 413 and
// 431 have no Status of their own.
struct Refusal {
  int http_status;
  Status status;
};

}  // namespace maru::http
