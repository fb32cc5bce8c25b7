// Objects as plain files below one folder, so that people can look at them with the tools they have.
//
// A write goes to a staging file on the same file system and is renamed into place when it is complete and synced, so
// an object is there whole or not at all, also after a power cut. Staging lies in ".maru-staging" at the root; what a
// killed process left there is removed at open, unless another process uses the folder.
#pragma once

#include <memory>
#include <string>

#include "maru/base/status.h"
#include "maru/object_store/object_store.h"

namespace maru::object_store {

// `path` is created when missing.
Result<std::unique_ptr<ObjectStore>> OpenFolderStore(const std::string& path);

}  // namespace maru::object_store
