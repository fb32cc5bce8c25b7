// Reading and writing one S3 object in pieces of bounded size.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "maru/base/status.h"
#include "maru/object_store/object_store.h"
#include "maru/object_store/s3_client.h"

namespace maru::object_store {

// `key` is whole, with the store's prefix. `client` is shared with the store, so that a transfer may outlive it.
Result<std::unique_ptr<ObjectReader>> OpenS3Reader(std::shared_ptr<S3Client> client, std::string key,
                                                   std::uint64_t offset, std::optional<std::uint64_t> length);
std::unique_ptr<ObjectWriter> MakeS3Writer(std::shared_ptr<S3Client> client, std::string key, bool if_absent);

Result<std::string> StartS3Multipart(S3Client& client, const std::string& key);
Status CompleteS3Multipart(S3Client& client, const std::string& key, const std::string& upload_id,
                           std::span<const MultipartPart> parts, bool if_absent);
// OK when the upload does not exist any more.
Status AbortS3Multipart(S3Client& client, const std::string& key, const std::string& upload_id);

}  // namespace maru::object_store
