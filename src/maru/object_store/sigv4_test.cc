// Requests and signatures from AWS's documentation, "Examples: Signature Calculations" for the authorization header and
// for query parameters (pages named in sigv4.h).
#include "maru/object_store/sigv4.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace maru::object_store::sigv4 {
namespace {

using testing::EndsWith;
using testing::HasSubstr;

const Credentials kCredentials = {"AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", ""};
constexpr std::int64_t kTimeMs = 1'369'353'600'000;  // 2013-05-24T00:00:00Z
constexpr char kHost[] = "examplebucket.s3.amazonaws.com";

std::string Authorization(const Request& request, std::string_view body = "") {
  return Sign(request, kCredentials, "us-east-1", kTimeMs, Sha256Hex(body)).at("authorization");
}

TEST(SigV4Test, GetObject) {
  EXPECT_EQ(Authorization({.host = kHost, .path = "/test.txt", .headers = {{"range", "bytes=0-9"}}}),
            "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,"
            "SignedHeaders=host;range;x-amz-content-sha256;x-amz-date,"
            "Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41");
}

TEST(SigV4Test, PutObject) {
  const Request request = {
      .method = "PUT",
      .host = kHost,
      .path = "/test$file.text",
      .headers = {{"date", "Fri, 24 May 2013 00:00:00 GMT"}, {"x-amz-storage-class", "REDUCED_REDUNDANCY"}}};
  EXPECT_THAT(Authorization(request, "Welcome to Amazon S3."),
              EndsWith("Signature=98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd"));
}

TEST(SigV4Test, QueryWithoutValue) {
  EXPECT_THAT(Authorization({.host = kHost, .query = {{"lifecycle", ""}}}),
              EndsWith("Signature=fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"));
}

TEST(SigV4Test, ListObjects) {
  EXPECT_THAT(Authorization({.host = kHost, .query = {{"max-keys", "2"}, {"prefix", "J"}}}),
              EndsWith("Signature=34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"));
}

TEST(SigV4Test, PresignedGet) {
  EXPECT_EQ(Presign({.host = kHost, .path = "/test.txt"}, kCredentials, "us-east-1", kTimeMs, 86400),
            "X-Amz-Algorithm=AWS4-HMAC-SHA256"
            "&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request"
            "&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host"
            "&X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404");
}

TEST(SigV4Test, TemporaryCredentialsAreSignedIn) {
  Credentials temporary = kCredentials;
  temporary.session_token = "token/+=";
  const auto headers = Sign({.host = kHost}, temporary, "us-east-1", kTimeMs, Sha256Hex(""));
  EXPECT_EQ(headers.at("x-amz-security-token"), "token/+=");
  EXPECT_THAT(headers.at("authorization"), HasSubstr("x-amz-date;x-amz-security-token,"));
  EXPECT_THAT(Presign({.host = kHost}, temporary, "us-east-1", kTimeMs, 60),
              HasSubstr("X-Amz-Security-Token=token%2F%2B%3D"));
}

TEST(SigV4Test, EveryPartIsSigned) {
  const std::string plain = Authorization({.host = kHost, .path = "/a"});
  EXPECT_NE(plain, Authorization({.host = kHost, .path = "/b"}));
  EXPECT_NE(plain, Authorization({.method = "DELETE", .host = kHost, .path = "/a"}));
  EXPECT_NE(plain, Authorization({.host = "other", .path = "/a"}));
  EXPECT_NE(plain, Authorization({.host = kHost, .path = "/a"}, "body"));
}

TEST(SigV4Test, Encodes) {
  EXPECT_EQ(UriEncode("a b/c~-_.é+%"), "a%20b%2Fc~-_.%C3%A9%2B%25");
  EXPECT_EQ(UriEncode("a b/c", true), "a%20b/c");
  EXPECT_EQ(CanonicalQuery({{"b", "1 2"}, {"a", ""}}), "a=&b=1%202");
}

TEST(SigV4Test, Digests) {
  EXPECT_EQ(Sha256Hex(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(Md5Base64("hello"), "XUFAKrxLKna5cZ2REBfFkg==");
}

}  // namespace
}  // namespace maru::object_store::sigv4
