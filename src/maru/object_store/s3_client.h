// Signed requests to one S3 bucket over pooled libcurl connections, with retries, and failures turned into Status.
//
// Threads: thread-safe; a call uses one connection of the pool and blocks until it is answered.
// Retries: connection failures, 429 and 5xx are tried 4 times within about a second. Every request here may be
// repeated. Errors: kNotFound (no such key or upload); kPermissionDenied (401, 403: credentials, clock or policy);
// kAborted (a condition, If-Match or If-None-Match, did not hold); kUnavailable (not reachable, 5xx);
// kFailedPrecondition (no such bucket, other region); kResourceExhausted (quota). Messages carry S3's code and text,
// never credentials.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "maru/base/clock.h"
#include "maru/base/status.h"
#include "maru/object_store/sigv4.h"

namespace maru::object_store {

struct S3Options {
  std::string bucket;
  std::string prefix;    // of every key, without slashes at its ends; may be empty
  std::string endpoint;  // "http://127.0.0.1:7070"; empty for AWS itself
  std::string region = "us-east-1";
  sigv4::Credentials credentials;
};

// Reads s3://bucket/prefix and the AWS_* environment variables. kInvalidArgument for another kind of URI,
// kFailedPrecondition when there are no credentials.
Result<S3Options> S3OptionsFromEnvironment(std::string_view uri);

class S3Client {
 public:
  struct Request {
    std::string method = "GET";
    std::string key;  // whole key within the bucket; empty for the bucket itself
    std::map<std::string, std::string> query;
    std::map<std::string, std::string> headers;  // lower-case names
    std::string_view body;
  };
  struct Response {
    int status = 0;
    std::map<std::string, std::string> headers;  // lower-case names
    std::string body;
  };

  // `clock` must outlive the client.
  explicit S3Client(S3Options options, const Clock* clock = Clock::System());
  ~S3Client();

  // A response with a status below 300.
  Result<Response> Send(const Request& request);

  // A URL with which anybody may send `method` for `key` during `seconds`.
  std::string Presign(std::string_view method, std::string_view key, std::map<std::string, std::string> query,
                      int seconds) const;

  const S3Options& options() const { return options_; }

 private:
  sigv4::Request SignedRequest(const Request& request) const;
  Result<Response> SendOnce(const Request& request);

  const S3Options options_;
  const Clock* const clock_;
  std::string scheme_, host_;  // of the URLs
  std::string path_root_;      // "/bucket" in path style, "" in virtual-host style
  struct Pool;
  std::unique_ptr<Pool> pool_;
};

}  // namespace maru::object_store
