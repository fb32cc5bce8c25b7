#include "maru/object_store/s3_client.h"

#include <curl/curl.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <mutex>
#include <random>
#include <thread>
#include <vector>

#include "maru/object_store/key.h"
#include "maru/object_store/s3_xml.h"

namespace maru::object_store {
namespace {

constexpr int kAttempts = 4;
constexpr std::chrono::milliseconds kFirstBackoff(100);
constexpr std::size_t kIdleConnectionsMax = 16;
constexpr std::size_t kResponseBytesMax = 64 * 1024 * 1024;
constexpr long kConnectTimeoutMs = 5'000;
constexpr long kStallSeconds = 30;  // without a byte in either direction

std::string Environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

std::string FirstSet(std::initializer_list<const char*> names) {
  for (const char* name : names) {
    if (std::string value = Environment(name); !value.empty()) return value;
  }
  return "";
}

std::size_t AppendBody(char* data, std::size_t, std::size_t size, void* out) {
  auto& body = *static_cast<std::string*>(out);
  if (body.size() + size > kResponseBytesMax) return 0;  // makes curl fail
  body.append(data, size);
  return size;
}

std::size_t AddHeader(char* data, std::size_t, std::size_t size, void* out) {
  std::string_view line(data, size);
  const std::size_t colon = line.find(':');
  if (colon != std::string_view::npos) {
    std::string name(line.substr(0, colon));
    std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) { return std::tolower(c); });
    std::string_view value = line.substr(colon + 1);
    while (!value.empty() && std::isspace(static_cast<unsigned char>(value.front()))) value.remove_prefix(1);
    while (!value.empty() && std::isspace(static_cast<unsigned char>(value.back()))) value.remove_suffix(1);
    (*static_cast<std::map<std::string, std::string>*>(out))[name] = value;
  }
  return size;
}

bool WorthRetrying(int status) {
  return status == 429 || status >= 500;
}

Status ErrorOf(const S3Client::Response& response, const S3Client::Request& request, const S3Options& options) {
  const std::string code = XmlText(response.body, "Error/Code");
  const std::string detail = XmlText(response.body, "Error/Message");
  const std::string what =
      fmt::format("s3://{}/{}: {} was answered with {}{}{}{}{}", options.bucket, request.key, request.method,
                  response.status, code.empty() ? "" : " ", code, detail.empty() ? "" : ": ", detail);
  if (code == "NoSuchBucket") return FailedPrecondition("{}", what);
  if (code == "QuotaExceeded" || code == "XMinioStorageFull" || response.status == 507) {
    return ResourceExhausted("{}", what);
  }
  if (code == "ExpiredToken" || code == "InvalidToken" || code == "InvalidAccessKeyId")
    return PermissionDenied("{}", what);
  if (code == "ObjectParentIsFile" || code == "ExistingObjectIsDirectory") return FailedPrecondition("{}", what);
  switch (response.status) {
    case 401:
    case 403:
      return PermissionDenied("{}", what);
    case 404:
      return NotFound("{}", what);
    case 409:
    case 412:
      return Aborted("{}", what);
    case 416:
      return OutOfRange("{}", what);
    case 301:
    case 307:
      return FailedPrecondition("{}; is AWS_REGION the bucket's region?", what);
    case 501:
      return Unimplemented("{}", what);
  }
  if (WorthRetrying(response.status)) return Unavailable("{}", what);
  if (response.status >= 400) return InvalidArgument("{}", what);
  return Internal("{}", what);
}

}  // namespace

// Handles keep their connection open between requests.
struct S3Client::Pool {
  std::mutex mutex;
  std::vector<CURL*> idle;

  CURL* Take() {
    const std::lock_guard lock(mutex);
    if (idle.empty()) return curl_easy_init();
    CURL* handle = idle.back();
    idle.pop_back();
    return handle;
  }
  void Return(CURL* handle) {
    {
      const std::lock_guard lock(mutex);
      if (idle.size() < kIdleConnectionsMax) {
        idle.push_back(handle);
        return;
      }
    }
    curl_easy_cleanup(handle);
  }
  ~Pool() {
    for (CURL* handle : idle) curl_easy_cleanup(handle);
  }
};

Result<S3Options> S3OptionsFromEnvironment(std::string_view uri) {
  constexpr std::string_view kScheme = "s3://";
  if (!uri.starts_with(kScheme)) return InvalidArgument("\"{}\" is no s3://bucket/prefix URI", uri);
  uri.remove_prefix(kScheme.size());
  S3Options options;
  options.bucket = uri.substr(0, uri.find('/'));
  if (options.bucket.empty()) return InvalidArgument("an S3 URI needs a bucket: s3://bucket/prefix");
  if (uri.size() > options.bucket.size() + 1) {
    MARU_ASSIGN_OR_RETURN(options.prefix, NormalizePrefix(uri.substr(options.bucket.size() + 1)));
  }
  options.endpoint = FirstSet({"AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", "MLFLOW_S3_ENDPOINT_URL"});
  if (const std::string region = FirstSet({"AWS_REGION", "AWS_DEFAULT_REGION"}); !region.empty()) {
    options.region = region;
  }
  options.credentials = {Environment("AWS_ACCESS_KEY_ID"), Environment("AWS_SECRET_ACCESS_KEY"),
                         Environment("AWS_SESSION_TOKEN")};
  if (options.credentials.access_key_id.empty() || options.credentials.secret_access_key.empty()) {
    return FailedPrecondition("s3://{} needs AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY in the environment",
                              options.bucket);
  }
  return options;
}

S3Client::S3Client(S3Options options, const Clock* clock)
    : options_(std::move(options)), clock_(clock), pool_(std::make_unique<Pool>()) {
  static std::once_flag curl_ready;
  std::call_once(curl_ready, [] { curl_global_init(CURL_GLOBAL_DEFAULT); });
  if (options_.endpoint.empty()) {
    scheme_ = "https";
    // A dot in the bucket's name breaks the server's wildcard certificate, so such buckets go into the path.
    const bool in_path = options_.bucket.find('.') != std::string::npos;
    host_ = fmt::format("{}s3.{}.amazonaws.com", in_path ? "" : options_.bucket + ".", options_.region);
    path_root_ = in_path ? "/" + options_.bucket : "";
    return;
  }
  std::string_view rest = options_.endpoint;
  const std::size_t scheme_end = rest.find("://");
  scheme_ = scheme_end == std::string_view::npos ? "https" : rest.substr(0, scheme_end);
  if (scheme_end != std::string_view::npos) rest.remove_prefix(scheme_end + 3);
  host_ = rest.substr(0, rest.find('/'));
  path_root_ = "/" + options_.bucket;
}

S3Client::~S3Client() = default;

sigv4::Request S3Client::SignedRequest(const Request& request) const {
  std::string path = path_root_;
  if (!request.key.empty() || path.empty()) path += "/" + request.key;
  return {.method = request.method,
          .host = host_,
          .path = std::move(path),
          .query = request.query,
          .headers = request.headers};
}

Result<S3Client::Response> S3Client::Send(const Request& request) {
  thread_local std::minstd_rand random{std::random_device{}()};
  Status failure;
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    if (attempt > 0) {
      const auto backoff = kFirstBackoff * (1 << (attempt - 1));
      std::uniform_int_distribution<long> jitter_ms(backoff.count() / 2, backoff.count());
      std::this_thread::sleep_for(std::chrono::milliseconds(jitter_ms(random)));
    }
    Result<Response> response = SendOnce(request);
    if (response.ok() && response->status < 300) return response;
    failure = response.ok() ? ErrorOf(*response, request, options_) : response.status();
    if (failure.code() != absl::StatusCode::kUnavailable) break;
  }
  return failure;
}

Result<S3Client::Response> S3Client::SendOnce(const Request& request) {
  const sigv4::Request to_sign = SignedRequest(request);
  const auto signature =
      sigv4::Sign(to_sign, options_.credentials, options_.region, clock_->NowMs(), sigv4::Sha256Hex(request.body));
  std::string url = fmt::format("{}://{}{}", scheme_, host_, sigv4::UriEncode(to_sign.path, true));
  if (!request.query.empty()) url += "?" + sigv4::CanonicalQuery(request.query);

  CURL* const curl = pool_->Take();
  if (curl == nullptr) return ResourceExhausted("no memory for a connection to {}", host_);
  curl_slist* headers = nullptr;
  const auto add = [&](const std::string& line) { headers = curl_slist_append(headers, line.c_str()); };
  for (const auto& [name, value] : request.headers) add(name + ": " + value);
  for (const auto& [name, value] : signature) add(name + ": " + value);
  add("Expect:");  // no wait for 100-continue
  if (!request.body.empty()) add("Content-Type: application/octet-stream");

  Response response;
  char error[CURL_ERROR_SIZE] = "";
  curl_easy_reset(curl);
  curl_easy_setopt(curl, CURLOPT_URL, url.c_str());
  curl_easy_setopt(curl, CURLOPT_PATH_AS_IS, 1L);
  curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(curl, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1);
  curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, kConnectTimeoutMs);
  curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, 1L);
  curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, kStallSeconds);
  curl_easy_setopt(curl, CURLOPT_BUFFERSIZE, 512L * 1024);
  curl_easy_setopt(curl, CURLOPT_UPLOAD_BUFFERSIZE, 512L * 1024);
  curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, error);
  curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
  curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, AppendBody);
  curl_easy_setopt(curl, CURLOPT_WRITEDATA, &response.body);
  curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, AddHeader);
  curl_easy_setopt(curl, CURLOPT_HEADERDATA, &response.headers);
  if (request.method == "HEAD") {
    curl_easy_setopt(curl, CURLOPT_NOBODY, 1L);
  } else {
    if (request.method == "PUT" || request.method == "POST") {
      curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
      curl_easy_setopt(curl, CURLOPT_POSTFIELDS, request.body.data() == nullptr ? "" : request.body.data());
    }
    curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, request.method.c_str());
  }
  const CURLcode code = curl_easy_perform(curl);
  long status = 0;
  curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
  curl_slist_free_all(headers);
  pool_->Return(curl);
  if (code != CURLE_OK) {
    return Unavailable("s3://{}: no answer from {}: {}", options_.bucket, host_,
                       error[0] != '\0' ? error : curl_easy_strerror(code));
  }
  response.status = static_cast<int>(status);
  return response;
}

std::string S3Client::Presign(std::string_view method, std::string_view key, std::map<std::string, std::string> query,
                              int seconds) const {
  const sigv4::Request request =
      SignedRequest({.method = std::string(method), .key = std::string(key), .query = std::move(query)});
  return fmt::format("{}://{}{}?{}", scheme_, host_, sigv4::UriEncode(request.path, true),
                     sigv4::Presign(request, options_.credentials, options_.region, clock_->NowMs(), seconds));
}

}  // namespace maru::object_store
