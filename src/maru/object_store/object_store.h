// Named byte objects: a local folder for a single machine, S3 for a team. Artifacts and models live here.
//
// Keys are UTF-8, '/'-separated, without empty, "." or ".." segments and without a leading '/'; every implementation
// refuses others with kInvalidArgument, so no caller can escape its root. An object appears whole or not at all.
//
// Threads: ObjectStore is thread-safe; a reader or writer belongs to one thread at a time. All calls may block.
// Errors: kNotFound; kAlreadyExists for a failed if-absent write; kResourceExhausted when the disk is full;
// kPermissionDenied when the store refuses; kUnavailable when it cannot be reached.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "maru/base/status.h"

namespace maru::object_store {

struct ObjectInfo {
  std::string key;
  std::uint64_t size_bytes = 0;
  std::int64_t modified_ms = 0;
  bool is_prefix = false;  // a "folder" in a delimited listing: size and time are 0, and the key ends with '/'
};

class ObjectReader {
 public:
  virtual ~ObjectReader() = default;
  virtual std::uint64_t size_bytes() const = 0;               // of the whole object
  virtual Result<std::size_t> Read(std::span<char> out) = 0;  // 0 is the end
};

// Destroyed without Commit, nothing of it remains.
class ObjectWriter {
 public:
  virtual ~ObjectWriter() = default;
  virtual Status Write(std::string_view piece) = 0;
  virtual Status Commit() = 0;  // durable and visible when it returns OK
};

// One multipart upload that clients send to directly or through the proxy, in parts that may come in any order.
struct MultipartUpload {
  std::string upload_id;
  std::vector<std::string> part_urls;  // presigned, one per part; empty where the store has no URLs
};
struct MultipartPart {
  int number = 1;  // from 1
  std::string etag;
};

class ObjectStore {
 public:
  virtual ~ObjectStore() = default;

  // Bytes [offset, offset + length) of the object; length reaches past the end without error.
  virtual Result<std::unique_ptr<ObjectReader>> Open(std::string_view key, std::uint64_t offset = 0,
                                                     std::optional<std::uint64_t> length = {}) = 0;
  // if_absent makes Commit fail with kAlreadyExists when the key exists by then.
  virtual Result<std::unique_ptr<ObjectWriter>> Create(std::string_view key, bool if_absent = false) = 0;
  virtual Result<ObjectInfo> Stat(std::string_view key) = 0;
  virtual Status Delete(std::string_view key) = 0;  // OK when it was not there
  // Everything below prefix + "/" ("" is the root), sorted by key, after `start_after`; with `delimited` only one
  // level, deeper ones as prefixes. At most `limit`. `start_after` is the last key of the listing before, so paging on
  // from a prefix leaves out all that is below it. A prefix may have its '/' at the end, as listings give it.
  virtual Result<std::vector<ObjectInfo>> List(std::string_view prefix, bool delimited,
                                               std::string_view start_after = {}, std::size_t limit = 1000) = 0;
  // Everything that List(prefix) would find. An object named `prefix` itself stays.
  virtual Status DeleteTree(std::string_view prefix) = 0;

  // A URL that lets anybody read, or write, the object for `seconds`; kUnimplemented where the store has no URLs.
  virtual bool has_urls() const = 0;
  virtual Result<std::string> PresignGet(std::string_view key, int seconds) = 0;
  virtual Result<std::string> PresignPut(std::string_view key, int seconds) = 0;
  virtual Result<MultipartUpload> StartMultipart(std::string_view key, int parts) = 0;  // kUnimplemented likewise
  virtual Status CompleteMultipart(std::string_view key, std::string_view upload_id,
                                   std::span<const MultipartPart> parts) = 0;
  virtual Status AbortMultipart(std::string_view key, std::string_view upload_id) = 0;

  // What clients see as the root, e.g. "file:///data/artifacts" or "s3://bucket/prefix".
  virtual std::string uri() const = 0;
};

// Opens a folder (a path or file:// URI; created when missing) or s3://bucket/prefix. S3 reads the usual AWS_*
// environment variables, and AWS_ENDPOINT_URL / MLFLOW_S3_ENDPOINT_URL for other servers.
Result<std::unique_ptr<ObjectStore>> Open(std::string_view uri);

}  // namespace maru::object_store
