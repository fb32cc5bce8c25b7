// The files of the page, as they lie in the binary. Read-only data: thread-safe, alive as long as the process.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "maru/base/status.h"

namespace maru::web {

struct Asset {
  std::string_view path;  // "/assets/index-B2f3.js"
  std::string_view content_type;
  std::string_view etag;  // quoted, of the plain content
  std::size_t offset;     // into the pack
  std::size_t stored_bytes;
  std::size_t plain_bytes;
  bool gzip;       // stored compressed
  bool immutable;  // the path changes whenever the content does
};

// Sorted by path; empty when the binary was built without the page.
std::span<const Asset> Assets();

// The asset at `path`, or null.
const Asset* FindAsset(std::string_view path);

// As stored.
std::string_view Stored(const Asset& asset);

// Decompressed, for the rare client that takes no gzip.
Result<std::string> Plain(const Asset& asset);

}  // namespace maru::web
