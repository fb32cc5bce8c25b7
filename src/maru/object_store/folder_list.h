// Listing a folder in the order of its keys' bytes, as S3 does, so that `start_after` means the same in both stores.
#pragma once

#include <sys/stat.h>

#include <string>
#include <string_view>
#include <vector>

#include "maru/base/status.h"
#include "maru/object_store/object_store.h"

namespace maru::object_store {

// `prefix` is normalized. A folder that is not there lists as empty.
Result<std::vector<ObjectInfo>> ListFolder(int root, std::string_view prefix, bool delimited,
                                           std::string_view start_after, std::size_t limit);

// Reads size and time of an open or named regular file.
ObjectInfo InfoOf(std::string key, const struct ::stat& stat);

}  // namespace maru::object_store
