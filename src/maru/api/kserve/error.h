// The error shape of KServe v2 and Triton: {"error": "…"} under an HTTP status.
#pragma once

#include "maru/http/message.h"

namespace maru::api::kserve {

http::Reply FormatError(const Status& status, const http::Request& request);

}  // namespace maru::api::kserve
