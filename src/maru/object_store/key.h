// What a key may look like: one rule for every store, so that an object which can be written to one can be moved to any
// other, and no key can name anything outside its store.
//
// A key is valid UTF-8 of at most 1024 bytes (S3's limit), '/'-separated, each segment of 1 to 255 bytes (a file
// name's limit) and neither "." nor "..". Backslashes and control characters are refused: some other system would read
// them as a separator or an end. Callers decode percent-encoding exactly once before; "%2e%2e" is then a plain name.
//
// Pure functions. Errors: kInvalidArgument that says what is wrong with which key.
#pragma once

#include <string_view>

#include "maru/base/status.h"

namespace maru::object_store {

Status ValidateKey(std::string_view key);

// A prefix is "" for the root, or a key, with or without one '/' at its end. Returns it without that.
Result<std::string_view> NormalizePrefix(std::string_view prefix);

// The first segment of keys that the folder store keeps for itself.
inline constexpr std::string_view kStagingSegment = ".maru-staging";

}  // namespace maru::object_store
