#include "maru/object_store/sigv4.h"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <ctime>

namespace maru::object_store::sigv4 {
namespace {

constexpr std::string_view kAlgorithm = "AWS4-HMAC-SHA256";
constexpr std::string_view kUnsignedPayload = "UNSIGNED-PAYLOAD";

std::string Digest(const EVP_MD* kind, std::string_view text) {
  unsigned char out[EVP_MAX_MD_SIZE];
  unsigned length = 0;
  EVP_Digest(text.data(), text.size(), out, &length, kind, nullptr);
  return {reinterpret_cast<const char*>(out), length};
}

std::string Hmac(std::string_view key, std::string_view text) {
  unsigned char out[EVP_MAX_MD_SIZE];
  unsigned length = 0;
  HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), reinterpret_cast<const unsigned char*>(text.data()),
       text.size(), out, &length);
  return {reinterpret_cast<const char*>(out), length};
}

std::string Hex(std::string_view bytes) {
  std::string out;
  out.reserve(bytes.size() * 2);
  for (const char c : bytes) out += fmt::format("{:02x}", static_cast<unsigned char>(c));
  return out;
}

// "20130524T000000Z"; its first eight characters are the date.
std::string Timestamp(std::int64_t time_ms) {
  return fmt::format("{:%Y%m%dT%H%M%SZ}", fmt::gmtime(static_cast<std::time_t>(time_ms / 1000)));
}

std::string Scope(std::string_view timestamp, std::string_view region) {
  return fmt::format("{}/{}/s3/aws4_request", timestamp.substr(0, 8), region);
}

std::string SignedHeaders(const std::map<std::string, std::string>& headers) {
  std::string names;
  for (const auto& [name, value] : headers) names += (names.empty() ? "" : ";") + name;
  return names;
}

std::string Signature(const Request& request, std::string_view secret, std::string_view region,
                      std::string_view timestamp, std::string_view payload_sha256) {
  std::string canonical =
      fmt::format("{}\n{}\n{}\n", request.method, UriEncode(request.path, true), CanonicalQuery(request.query));
  for (const auto& [name, value] : request.headers) canonical += fmt::format("{}:{}\n", name, value);
  canonical += fmt::format("\n{}\n{}", SignedHeaders(request.headers), payload_sha256);

  const std::string to_sign =
      fmt::format("{}\n{}\n{}\n{}", kAlgorithm, timestamp, Scope(timestamp, region), Sha256Hex(canonical));
  std::string key = Hmac(fmt::format("AWS4{}", secret), timestamp.substr(0, 8));
  key = Hmac(key, region);
  key = Hmac(key, "s3");
  key = Hmac(key, "aws4_request");
  return Hex(Hmac(key, to_sign));
}

}  // namespace

std::string UriEncode(std::string_view text, bool keep_slash) {
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    const bool plain = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
                       c == '.' || c == '_' || c == '~' || (keep_slash && c == '/');
    if (plain) {
      out += c;
    } else {
      out += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
  }
  return out;
}

std::string CanonicalQuery(const std::map<std::string, std::string>& query) {
  std::map<std::string, std::string> encoded;  // the order is that of the encoded names
  for (const auto& [name, value] : query) encoded[UriEncode(name)] = UriEncode(value);
  std::string out;
  for (const auto& [name, value] : encoded) out += fmt::format("{}{}={}", out.empty() ? "" : "&", name, value);
  return out;
}

std::string Sha256Hex(std::string_view text) {
  return Hex(Digest(EVP_sha256(), text));
}

std::string Md5Base64(std::string_view text) {
  const std::string digest = Digest(EVP_md5(), text);
  unsigned char out[EVP_MAX_MD_SIZE * 2];
  const int length =
      EVP_EncodeBlock(out, reinterpret_cast<const unsigned char*>(digest.data()), static_cast<int>(digest.size()));
  return {reinterpret_cast<const char*>(out), static_cast<std::size_t>(length)};
}

std::map<std::string, std::string> Sign(const Request& request, const Credentials& credentials, std::string_view region,
                                        std::int64_t time_ms, std::string_view payload_sha256) {
  const std::string timestamp = Timestamp(time_ms);
  std::map<std::string, std::string> added = {{"x-amz-date", timestamp},
                                              {"x-amz-content-sha256", std::string(payload_sha256)}};
  if (!credentials.session_token.empty()) added["x-amz-security-token"] = credentials.session_token;

  Request complete = request;
  complete.headers["host"] = request.host;
  complete.headers.insert(added.begin(), added.end());
  added["authorization"] =
      fmt::format("{} Credential={}/{},SignedHeaders={},Signature={}", kAlgorithm, credentials.access_key_id,
                  Scope(timestamp, region), SignedHeaders(complete.headers),
                  Signature(complete, credentials.secret_access_key, region, timestamp, payload_sha256));
  return added;
}

std::string Presign(Request request, const Credentials& credentials, std::string_view region, std::int64_t time_ms,
                    int seconds) {
  const std::string timestamp = Timestamp(time_ms);
  request.headers["host"] = request.host;
  request.query["X-Amz-Algorithm"] = kAlgorithm;
  request.query["X-Amz-Credential"] = credentials.access_key_id + "/" + Scope(timestamp, region);
  request.query["X-Amz-Date"] = timestamp;
  request.query["X-Amz-Expires"] = std::to_string(seconds);
  request.query["X-Amz-SignedHeaders"] = SignedHeaders(request.headers);
  if (!credentials.session_token.empty()) request.query["X-Amz-Security-Token"] = credentials.session_token;
  const std::string signature = Signature(request, credentials.secret_access_key, region, timestamp, kUnsignedPayload);
  return CanonicalQuery(request.query) + "&X-Amz-Signature=" + signature;
}

}  // namespace maru::object_store::sigv4
