// Content codings: request bodies in gzip or deflate, replies in gzip. Pure functions, thread-safe.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "maru/base/status.h"

namespace maru::http {

enum class ContentCoding { kIdentity, kGzip, kDeflate, kUnknown };

// Of a Content-Encoding header; empty is identity.
ContentCoding ParseContentCoding(std::string_view header);

// kResourceExhausted as soon as the result would pass `bytes_max`, however small the input; kInvalidArgument when the
// data is broken or cut off.
Result<std::string> Decompress(std::string_view body, ContentCoding coding, std::size_t bytes_max);

// Of an Accept-Encoding header.
bool AcceptsGzip(std::string_view header);

// Text of some size; images, archives and binary tensors only cost time.
bool WorthCompressing(std::string_view content_type, std::size_t bytes);

// At the fastest level: replies are made once and read once.
std::string Gzip(std::string_view body);

}  // namespace maru::http
