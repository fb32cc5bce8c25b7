// What only S3 can get wrong: credentials, presigned URLs, multipart uploads by clients, and a server that is away.
#include "maru/object_store/s3_store.h"

#include <curl/curl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "maru/base/ids.h"
#include "maru/object_store/versitygw.h"

namespace maru::object_store {
namespace {

using absl::StatusCode;
using testing::HasSubstr;
using testing::Not;

Status Put(ObjectStore& store, std::string_view key, std::string_view text) {
  MARU_ASSIGN_OR_RETURN(const auto writer, store.Create(key));
  MARU_RETURN_IF_ERROR(writer->Write(text));
  return writer->Commit();
}

std::size_t Collect(char* data, std::size_t, std::size_t size, void* out) {
  static_cast<std::string*>(out)->append(data, size);
  return size;
}

struct Answer {
  long status = 0;
  std::string body, head;
};

// What a client without credentials does with a presigned URL.
Answer Fetch(const std::string& url, const char* method = "GET", std::string_view body = {}) {
  Answer answer;
  CURL* curl = curl_easy_init();
  curl_easy_setopt(curl, CURLOPT_URL, url.c_str());
  curl_easy_setopt(curl, CURLOPT_PATH_AS_IS, 1L);
  if (!body.empty()) {
    curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE, static_cast<long>(body.size()));
    curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body.data());
  }
  curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, method);
  curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, Collect);
  curl_easy_setopt(curl, CURLOPT_WRITEDATA, &answer.body);
  curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, Collect);
  curl_easy_setopt(curl, CURLOPT_HEADERDATA, &answer.head);
  curl_easy_perform(curl);
  curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &answer.status);
  curl_easy_cleanup(curl);
  return answer;
}

std::string EtagOf(const Answer& answer) {
  for (const char* name : {"Etag: ", "ETag: ", "etag: "}) {
    const std::size_t at = answer.head.find(name);
    if (at != std::string::npos) return answer.head.substr(at + 6, answer.head.find('\r', at) - at - 6);
  }
  return "";
}

class S3StoreTest : public testing::Test {
 protected:
  S3StoreTest() : options_(VersityGateway::Shared().Options("s3/" + NewUuidHex())), store_(MakeS3Store(options_)) {}
  ~S3StoreTest() override { store_->DeleteTree("").IgnoreError(); }

  S3Options options_;
  std::unique_ptr<ObjectStore> store_;
};

TEST_F(S3StoreTest, WrongSecretIsDeniedAndNotShown) {
  options_.credentials.secret_access_key = "a-wrong-secret";
  const auto store = MakeS3Store(options_);
  for (const Status& status : {Put(*store, "k", "x"), store->Stat("k").status(), store->Open("k").status(),
                               store->Delete("k"), store->List("", true).status()}) {
    EXPECT_EQ(status.code(), StatusCode::kPermissionDenied) << status;
    EXPECT_THAT(std::string(status.message()), Not(HasSubstr("wrong-secret")));
  }
}

TEST_F(S3StoreTest, UnknownAccessKeyIsDenied) {
  options_.credentials.access_key_id = "nobody";
  EXPECT_EQ(Put(*MakeS3Store(options_), "k", "x").code(), StatusCode::kPermissionDenied);
}

TEST_F(S3StoreTest, MissingBucketIsTheAdministratorsMistake) {
  options_.bucket = "no-such-bucket";
  EXPECT_EQ(Put(*MakeS3Store(options_), "k", "x").code(), StatusCode::kFailedPrecondition);
  EXPECT_EQ(MakeS3Store(options_)->List("", true).status().code(), StatusCode::kFailedPrecondition);
}

TEST_F(S3StoreTest, ServerThatIsAwayIsUnavailableAndThenBack) {
  VersityGateway server;
  const auto store = MakeS3Store(server.Options(""));
  ASSERT_TRUE(Put(*store, "k", "x").ok());
  const auto writer = store->Create("half");
  ASSERT_TRUE(writer.ok());
  ASSERT_TRUE((*writer)->Write(std::string(9 * 1024 * 1024, 'x')).ok());
  server.Kill();
  EXPECT_EQ(store->Stat("k").status().code(), StatusCode::kUnavailable);
  EXPECT_EQ(Put(*store, "k", "y").code(), StatusCode::kUnavailable);
  EXPECT_EQ((*writer)->Commit().code(), StatusCode::kUnavailable);
}

TEST_F(S3StoreTest, ReaderNoticesAReplacedObject) {
  ASSERT_TRUE(Put(*store_, "k", std::string(9 * 1024 * 1024, 'a')).ok());
  const auto reader = store_->Open("k");
  ASSERT_TRUE(reader.ok());
  ASSERT_TRUE(Put(*store_, "k", std::string(9 * 1024 * 1024, 'b')).ok());
  std::vector<char> buffer(8 * 1024 * 1024);
  EXPECT_TRUE((*reader)->Read(buffer).ok());
  EXPECT_EQ((*reader)->Read(buffer).status().code(), StatusCode::kAborted);
}

TEST_F(S3StoreTest, PresignedGetNeedsNoCredentialsAndExpires) {
  ASSERT_TRUE(Put(*store_, "a b/c+ä.txt", "hello").ok());
  const auto url = store_->PresignGet("a b/c+ä.txt", 60);
  ASSERT_TRUE(url.ok());
  const Answer answer = Fetch(*url);
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.body, "hello");
  EXPECT_EQ(Fetch(*url, "DELETE").status, 403) << "the URL is for GET only";
  std::string forged = *url;
  forged.back() = forged.back() == '0' ? '1' : '0';
  EXPECT_EQ(Fetch(forged).status, 403);
  const auto put_url = store_->PresignPut("new", 60);
  ASSERT_TRUE(put_url.ok());
  EXPECT_EQ(Fetch(*put_url, "PUT", "hi").status, 200);
  EXPECT_EQ(store_->Stat("new")->size_bytes, 2u);
  EXPECT_EQ(store_->PresignGet("k", 0).status().code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(store_->PresignGet("k", 8 * 24 * 3600).status().code(), StatusCode::kInvalidArgument);
}

TEST_F(S3StoreTest, ClientsUploadPartsInAnyOrder) {
  const std::string first(5 * 1024 * 1024, 'a'), second = "the end";
  const auto upload = store_->StartMultipart("dir/large", 2);
  ASSERT_TRUE(upload.ok()) << upload.status();
  ASSERT_EQ(upload->part_urls.size(), 2u);
  const Answer two = Fetch(upload->part_urls[1], "PUT", second);
  const Answer one = Fetch(upload->part_urls[0], "PUT", first);
  ASSERT_EQ(one.status, 200) << one.body;
  ASSERT_EQ(two.status, 200) << two.body;
  EXPECT_EQ(store_->Stat("dir/large").status().code(), StatusCode::kNotFound);
  const MultipartPart parts[] = {{2, EtagOf(two)}, {1, EtagOf(one)}};
  ASSERT_TRUE(store_->CompleteMultipart("dir/large", upload->upload_id, parts).ok());
  EXPECT_EQ(store_->Stat("dir/large")->size_bytes, first.size() + second.size());
}

TEST_F(S3StoreTest, AbortedUploadLeavesNothing) {
  const auto upload = store_->StartMultipart("large", 1);
  ASSERT_TRUE(upload.ok());
  ASSERT_EQ(Fetch(upload->part_urls[0], "PUT", "part").status, 200);
  EXPECT_TRUE(store_->AbortMultipart("large", upload->upload_id).ok());
  EXPECT_EQ(store_->Stat("large").status().code(), StatusCode::kNotFound);
  const MultipartPart parts[] = {{1, "\"etag\""}};
  EXPECT_FALSE(store_->CompleteMultipart("large", upload->upload_id, parts).ok());
  EXPECT_TRUE(store_->AbortMultipart("large", upload->upload_id).ok()) << "aborting again is fine";
}

TEST_F(S3StoreTest, WrongEtagDoesNotComplete) {
  const auto upload = store_->StartMultipart("large", 1);
  ASSERT_TRUE(upload.ok());
  ASSERT_EQ(Fetch(upload->part_urls[0], "PUT", "part").status, 200);
  const MultipartPart parts[] = {{1, "\"0123456789abcdef0123456789abcdef\""}};
  EXPECT_EQ(store_->CompleteMultipart("large", upload->upload_id, parts).code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(store_->StartMultipart("k", 0).status().code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(store_->StartMultipart("k", 10'001).status().code(), StatusCode::kInvalidArgument);
}

TEST_F(S3StoreTest, DeletesMoreThanOnePage) {
  for (int i = 0; i < 1'005; ++i) ASSERT_TRUE(Put(*store_, fmt::format("many/{:04}", i), "").ok());
  EXPECT_EQ(store_->List("many", false, "", 2'000)->size(), 1'005u);
  ASSERT_TRUE(store_->DeleteTree("many").ok());
  EXPECT_TRUE(store_->List("", false)->empty());
}

// Variables of this process, put back at the end.
class Environment {
 public:
  void Set(const char* name, const char* value) {
    if (value != nullptr)
      ::setenv(name, value, 1);
    else
      ::unsetenv(name);
    names_.push_back(name);
  }
  ~Environment() {
    for (const char* name : names_) ::unsetenv(name);
  }

 private:
  std::vector<const char*> names_;
};

TEST(S3OptionsTest, ComeFromTheEnvironment) {
  Environment environment;
  for (const char* name : {"AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", "AWS_REGION", "AWS_DEFAULT_REGION",
                           "AWS_SESSION_TOKEN", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"}) {
    environment.Set(name, nullptr);
  }
  EXPECT_EQ(S3OptionsFromEnvironment("s3://b/p").status().code(), StatusCode::kFailedPrecondition);
  environment.Set("AWS_ACCESS_KEY_ID", "id");
  environment.Set("AWS_SECRET_ACCESS_KEY", "secret");
  environment.Set("MLFLOW_S3_ENDPOINT_URL", "http://127.0.0.1:9");
  environment.Set("AWS_DEFAULT_REGION", "eu-north-1");
  const auto options = S3OptionsFromEnvironment("s3://bucket/deep/prefix/");
  ASSERT_TRUE(options.ok()) << options.status();
  EXPECT_EQ(options->bucket, "bucket");
  EXPECT_EQ(options->prefix, "deep/prefix");
  EXPECT_EQ(options->region, "eu-north-1");
  EXPECT_EQ(options->endpoint, "http://127.0.0.1:9");
  EXPECT_EQ(MakeS3Store(*options)->uri(), "s3://bucket/deep/prefix");
  EXPECT_EQ(S3OptionsFromEnvironment("s3://bucket")->prefix, "");
  EXPECT_FALSE(S3OptionsFromEnvironment("s3://bucket/../x").ok());
}

TEST(S3ClientTest, AddressesAwsByHostAndOthersByPath) {
  S3Options options{.bucket = "b", .credentials = {"id", "secret", ""}};
  EXPECT_THAT(S3Client(options).Presign("GET", "k/1", {}, 60),
              testing::StartsWith("https://b.s3.us-east-1.amazonaws.com/k/1?X-Amz-"));
  options.bucket = "dotted.name";
  EXPECT_THAT(S3Client(options).Presign("GET", "k", {}, 60),
              testing::StartsWith("https://s3.us-east-1.amazonaws.com/dotted.name/k?X-Amz-"));
  options.endpoint = "http://127.0.0.1:9/";
  EXPECT_THAT(S3Client(options).Presign("GET", "k", {}, 60),
              testing::StartsWith("http://127.0.0.1:9/dotted.name/k?X-Amz-"));
}

}  // namespace
}  // namespace maru::object_store
