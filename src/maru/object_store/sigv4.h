// AWS Signature Version 4 for S3: proves to the server who sends a request, and that nobody changed it.
//
// Pure functions of the request, the credentials and the time; tested against the values that AWS publishes.
// https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html
// https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace maru::object_store::sigv4 {

struct Credentials {
  std::string access_key_id;
  std::string secret_access_key;
  std::string session_token;  // of temporary credentials; empty otherwise
};

struct Request {
  std::string method = "GET";
  std::string host;                            // with the port, where it is not the scheme's own
  std::string path = "/";                      // plain; encoded here
  std::map<std::string, std::string> query;    // plain; encoded here
  std::map<std::string, std::string> headers;  // lower-case names; every one of them is signed
};

// Percent-encodes all but A-Z a-z 0-9 - . _ ~, and '/' too unless `keep_slash`.
std::string UriEncode(std::string_view text, bool keep_slash = false);

// The query as it stands in the URL, without '?'.
std::string CanonicalQuery(const std::map<std::string, std::string>& query);

std::string Sha256Hex(std::string_view text);
std::string Md5Base64(std::string_view text);

// The headers to send besides the request's own: authorization, x-amz-date, x-amz-content-sha256 and, with a session
// token, x-amz-security-token. `payload_sha256` is Sha256Hex of the body.
std::map<std::string, std::string> Sign(const Request& request, const Credentials& credentials, std::string_view region,
                                        std::int64_t time_ms, std::string_view payload_sha256);

// The query of a URL that lets anybody send `request` without credentials for `seconds` (at most 7 days).
std::string Presign(Request request, const Credentials& credentials, std::string_view region, std::int64_t time_ms,
                    int seconds);

}  // namespace maru::object_store::sigv4
