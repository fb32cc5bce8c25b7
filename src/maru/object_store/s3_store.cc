#include "maru/object_store/s3_store.h"

#include <absl/strings/numbers.h>
#include <absl/time/time.h>

#include <algorithm>

#include "maru/object_store/key.h"
#include "maru/object_store/s3_transfer.h"
#include "maru/object_store/s3_xml.h"

namespace maru::object_store {
namespace {

constexpr std::size_t kPageMax = 1'000;  // of a listing and of a bulk delete, S3's limits
constexpr int kPartsMax = 10'000;
constexpr int kPartUrlSeconds = 3'600;
constexpr int kPresignSecondsMax = 7 * 24 * 3'600;

// The last code point: no key below a prefix sorts behind prefix + this.
constexpr std::string_view kAfterEverything = "\xF4\x8F\xBF\xBF";

std::string PercentDecode(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    unsigned value;
    if (text[i] == '%' && i + 2 < text.size() &&
        absl::SimpleHexAtoi(absl::string_view(text.data() + i + 1, 2), &value)) {
      out += static_cast<char>(value);
      i += 2;
    } else {
      out += text[i] == '+' ? ' ' : text[i];
    }
  }
  return out;
}

std::int64_t ParseTimeMs(const std::string& text, const char* format) {
  absl::Time time;
  return absl::ParseTime(format, text, &time, nullptr) ? absl::ToUnixMillis(time) : 0;
}

// One page of a listing, keys still with the store's prefix.
struct Page {
  std::vector<ObjectInfo> objects;
  std::string next_token;  // empty on the last page
};

Result<Page> ReadPage(const std::string& xml) {
  Page page;
  bool is_encoded = false, is_truncated = false;
  ObjectInfo info;
  const auto on_leaf = [&](std::string_view path, std::string value) {
    constexpr std::string_view kRoot = "ListBucketResult/";
    if (!path.starts_with(kRoot)) return;
    path.remove_prefix(kRoot.size());
    if (path == "EncodingType")
      is_encoded = value == "url";
    else if (path == "IsTruncated")
      is_truncated = value == "true";
    else if (path == "NextContinuationToken")
      page.next_token = value;
    else if (path == "Contents/Key")
      info.key = value;
    else if (path == "Contents/Size")
      (void)absl::SimpleAtoi(value, &info.size_bytes);
    else if (path == "Contents/LastModified")
      info.modified_ms = ParseTimeMs(value, absl::RFC3339_full);
    else if (path == "CommonPrefixes/Prefix")
      page.objects.push_back({.key = value, .is_prefix = true});
  };
  const auto on_end = [&](std::string_view path) {
    if (path == "ListBucketResult/Contents") page.objects.push_back(std::exchange(info, {}));
  };
  MARU_RETURN_IF_ERROR(ReadXml(xml, on_leaf, on_end));
  if (!is_truncated) page.next_token.clear();
  if (is_encoded) {
    for (ObjectInfo& object : page.objects) object.key = PercentDecode(object.key);
  }
  return page;
}

class S3Store : public ObjectStore {
 public:
  explicit S3Store(S3Options options) : client_(std::make_shared<S3Client>(std::move(options))) {
    const S3Options& o = client_->options();
    uri_ = fmt::format("s3://{}{}{}", o.bucket, o.prefix.empty() ? "" : "/", o.prefix);
    prefix_ = o.prefix.empty() ? "" : o.prefix + "/";
  }

  Result<std::unique_ptr<ObjectReader>> Open(std::string_view key, std::uint64_t offset,
                                             std::optional<std::uint64_t> length) override {
    MARU_RETURN_IF_ERROR(ValidateKey(key));
    return OpenS3Reader(client_, Whole(key), offset, length);
  }

  Result<std::unique_ptr<ObjectWriter>> Create(std::string_view key, bool if_absent) override {
    MARU_RETURN_IF_ERROR(ValidateKey(key));
    return MakeS3Writer(client_, Whole(key), if_absent);
  }

  Result<ObjectInfo> Stat(std::string_view key) override {
    MARU_RETURN_IF_ERROR(ValidateKey(key));
    MARU_ASSIGN_OR_RETURN(const S3Client::Response response, client_->Send({.method = "HEAD", .key = Whole(key)}));
    ObjectInfo info{.key = std::string(key)};
    const auto& headers = response.headers;
    if (const auto h = headers.find("content-length"); h != headers.end()) {
      (void)absl::SimpleAtoi(h->second, &info.size_bytes);
    }
    if (const auto h = headers.find("last-modified"); h != headers.end()) {
      info.modified_ms = ParseTimeMs(h->second, "%a, %d %b %Y %H:%M:%S %Z");
      if (info.modified_ms == 0) info.modified_ms = ParseTimeMs(h->second, "%a, %d %b %Y %H:%M:%S GMT");
    }
    return info;
  }

  Status Delete(std::string_view key) override {
    MARU_RETURN_IF_ERROR(ValidateKey(key));
    const Status status = client_->Send({.method = "DELETE", .key = Whole(key)}).status();
    return status.code() == absl::StatusCode::kNotFound ? OkStatus() : status;
  }

  Result<std::vector<ObjectInfo>> List(std::string_view prefix, bool delimited, std::string_view start_after,
                                       std::size_t limit) override {
    MARU_ASSIGN_OR_RETURN(prefix, NormalizePrefix(prefix));
    std::vector<ObjectInfo> found;
    S3Client::Request request{.query = {{"list-type", "2"}, {"encoding-type", "url"}}};
    request.query["prefix"] = prefix.empty() ? prefix_ : Whole(prefix) + "/";
    if (delimited) request.query["delimiter"] = "/";
    if (!start_after.empty()) {
      request.query["start-after"] = Whole(start_after);
      if (delimited && start_after.ends_with('/')) request.query["start-after"] += kAfterEverything;
    }
    while (found.size() < limit) {
      request.query["max-keys"] = std::to_string(std::min(limit - found.size(), kPageMax));
      MARU_ASSIGN_OR_RETURN(const S3Client::Response response, client_->Send(request));
      MARU_ASSIGN_OR_RETURN(Page page, ReadPage(response.body));
      // Objects and prefixes come as two lists, each in order.
      std::sort(page.objects.begin(), page.objects.end(), [](const auto& a, const auto& b) { return a.key < b.key; });
      for (ObjectInfo& object : page.objects) Keep(std::move(object), found);
      if (page.next_token.empty()) break;
      request.query["continuation-token"] = page.next_token;
    }
    return found;
  }

  Status DeleteTree(std::string_view prefix) override {
    while (true) {
      MARU_ASSIGN_OR_RETURN(const std::vector<ObjectInfo> objects, List(prefix, false, "", kPageMax));
      if (objects.empty()) return OkStatus();
      MARU_RETURN_IF_ERROR(DeleteAll(objects));
    }
  }

  bool has_urls() const override { return true; }
  Result<std::string> PresignGet(std::string_view key, int seconds) override { return Presign("GET", key, seconds); }
  Result<std::string> PresignPut(std::string_view key, int seconds) override { return Presign("PUT", key, seconds); }

  Result<MultipartUpload> StartMultipart(std::string_view key, int parts) override {
    MARU_RETURN_IF_ERROR(ValidateKey(key));
    if (parts < 1 || parts > kPartsMax) return InvalidArgument("an upload has 1 to {} parts, not {}", kPartsMax, parts);
    MultipartUpload upload;
    MARU_ASSIGN_OR_RETURN(upload.upload_id, StartS3Multipart(*client_, Whole(key)));
    for (int number = 1; number <= parts; ++number) {
      upload.part_urls.push_back(
          client_->Presign("PUT", Whole(key), {{"partNumber", std::to_string(number)}, {"uploadId", upload.upload_id}},
                           kPartUrlSeconds));
    }
    return upload;
  }

  Status CompleteMultipart(std::string_view key, std::string_view upload_id,
                           std::span<const MultipartPart> parts) override {
    MARU_RETURN_IF_ERROR(ValidateKey(key));
    return CompleteS3Multipart(*client_, Whole(key), std::string(upload_id), parts, false);
  }

  Status AbortMultipart(std::string_view key, std::string_view upload_id) override {
    MARU_RETURN_IF_ERROR(ValidateKey(key));
    return AbortS3Multipart(*client_, Whole(key), std::string(upload_id));
  }

  std::string uri() const override { return uri_; }

 private:
  std::string Whole(std::string_view key) const { return prefix_ + std::string(key); }

  Result<std::string> Presign(const char* method, std::string_view key, int seconds) {
    MARU_RETURN_IF_ERROR(ValidateKey(key));
    if (seconds < 1 || seconds > kPresignSecondsMax) {
      return InvalidArgument("a presigned URL lives 1 to {} seconds, not {}", kPresignSecondsMax, seconds);
    }
    return client_->Presign(method, Whole(key), {}, seconds);
  }

  // Other programs may have put things there that are no keys of ours, such as "folder/" markers.
  void Keep(ObjectInfo object, std::vector<ObjectInfo>& found) const {
    if (!object.key.starts_with(prefix_)) return;
    object.key.erase(0, prefix_.size());
    std::string_view name = object.key;
    if (object.is_prefix && name.ends_with('/')) name.remove_suffix(1);
    if (ValidateKey(name).ok()) found.push_back(std::move(object));
  }

  Status DeleteAll(const std::vector<ObjectInfo>& objects) {
    std::string body = "<Delete><Quiet>true</Quiet>";
    for (const ObjectInfo& object : objects) {
      body += fmt::format("<Object><Key>{}</Key></Object>", XmlEscape(Whole(object.key)));
    }
    body += "</Delete>";
    MARU_ASSIGN_OR_RETURN(const S3Client::Response response,
                          client_->Send({.method = "POST",
                                         .query = {{"delete", ""}},
                                         .headers = {{"content-md5", sigv4::Md5Base64(body)}},
                                         .body = body}));
    const std::string code = XmlText(response.body, "DeleteResult/Error/Code");
    if (code.empty()) return OkStatus();
    const std::string what =
        fmt::format("{}: {} could not be deleted: {} {}", uri_, XmlText(response.body, "DeleteResult/Error/Key"), code,
                    XmlText(response.body, "DeleteResult/Error/Message"));
    return code == "AccessDenied" ? PermissionDenied("{}", what) : Unavailable("{}", what);
  }

  std::shared_ptr<S3Client> client_;
  std::string uri_;
  std::string prefix_;  // "" or ends with '/'
};

}  // namespace

std::unique_ptr<ObjectStore> MakeS3Store(S3Options options) {
  return std::make_unique<S3Store>(std::move(options));
}

}  // namespace maru::object_store
