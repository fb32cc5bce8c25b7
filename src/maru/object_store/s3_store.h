// Objects in an S3 bucket, at AWS or any server that speaks its API.
//
// Memory per writer is one part (8 MiB, from part 2,001 on 64 MiB, so that 10,000 parts reach 500 GiB), per reader one
// piece of 8 MiB. A reader notices when the object is replaced under it (kAborted). An if-absent write needs a server
// that honours If-None-Match, as AWS does; when a retried one finds the key, that may be its own first attempt, and it
// still fails with kAlreadyExists.
#pragma once

#include <memory>

#include "maru/base/status.h"
#include "maru/object_store/object_store.h"
#include "maru/object_store/s3_client.h"

namespace maru::object_store {

// Sends nothing yet: a store that is away is found by the first call that needs it.
std::unique_ptr<ObjectStore> MakeS3Store(S3Options options);

}  // namespace maru::object_store
