// The error shape of maru's own API: {"code": "NOT_FOUND", "message": "…"} with the fitting HTTP status.
#pragma once

#include "maru/http/message.h"

namespace maru::api::own {

// http::ErrorFormatter of every route below /api/maru/v1.
http::Reply FormatError(const Status& status, const http::Request& request);

}  // namespace maru::api::own
