#include "maru/object_store/s3_transfer.h"

#include <absl/strings/numbers.h>

#include <algorithm>
#include <cstring>

#include "maru/object_store/s3_xml.h"

namespace maru::object_store {
namespace {

constexpr std::uint64_t kPieceBytes = 8 * 1024 * 1024;
constexpr std::size_t kSmallParts = 2'000;
constexpr std::size_t kSmallPartBytes = 8 * 1024 * 1024;
constexpr std::size_t kLargePartBytes = 64 * 1024 * 1024;

std::string Header(const S3Client::Response& response, const char* name) {
  const auto found = response.headers.find(name);
  return found == response.headers.end() ? "" : found->second;
}

// Of "bytes 0-9/443" the part behind the slash.
std::optional<std::uint64_t> TotalOf(std::string_view content_range) {
  const std::size_t slash = content_range.find('/');
  std::uint64_t total;
  if (slash == std::string_view::npos) return std::nullopt;
  const std::string_view text = content_range.substr(slash + 1);
  if (!absl::SimpleAtoi(absl::string_view(text.data(), text.size()), &total)) return std::nullopt;
  return total;
}

class S3Reader : public ObjectReader {
 public:
  S3Reader(std::shared_ptr<S3Client> client, std::string key) : client_(std::move(client)), key_(std::move(key)) {}

  Status Begin(std::uint64_t offset, std::optional<std::uint64_t> length) {
    next_ = offset;
    if (length.value_or(1) == 0) return BeginEmpty(offset);
    const Status first = Fetch(std::min(length.value_or(kPieceBytes), kPieceBytes));
    if (first.code() == absl::StatusCode::kOutOfRange) return BeginEmpty(offset);  // S3 has no empty ranges
    MARU_RETURN_IF_ERROR(first);
    end_ = offset + std::min(length.value_or(size_), size_ - offset);
    return OkStatus();
  }

  std::uint64_t size_bytes() const override { return size_; }

  Result<std::size_t> Read(std::span<char> out) override {
    if (taken_ == piece_.size()) {
      if (next_ >= end_) return std::size_t{0};
      MARU_RETURN_IF_ERROR(Fetch(std::min(end_ - next_, kPieceBytes)));
    }
    const std::size_t count = std::min(out.size(), piece_.size() - taken_);
    std::memcpy(out.data(), piece_.data() + taken_, count);
    taken_ += count;
    return count;
  }

 private:
  Status BeginEmpty(std::uint64_t offset) {
    MARU_ASSIGN_OR_RETURN(const S3Client::Response response, client_->Send({.method = "HEAD", .key = key_}));
    if (!absl::SimpleAtoi(Header(response, "content-length"), &size_)) return DataLoss("{}: no Content-Length", key_);
    if (offset > size_) return OutOfRange("\"{}\" has {} bytes; byte {} was asked for", key_, size_, offset);
    end_ = next_ = offset;
    return OkStatus();
  }

  Status Fetch(std::uint64_t length) {
    S3Client::Request request{.key = key_,
                              .headers = {{"range", fmt::format("bytes={}-{}", next_, next_ + length - 1)}}};
    if (!etag_.empty()) request.headers["if-match"] = etag_;
    Result<S3Client::Response> response = client_->Send(request);
    if (response.status().code() == absl::StatusCode::kAborted) {
      return Aborted("\"{}\" was replaced while it was read; read it again", key_);
    }
    MARU_RETURN_IF_ERROR(response.status());
    const auto total = TotalOf(Header(*response, "content-range"));
    if (response->status != 206 || !total || response->body.empty() || response->body.size() > length) {
      return DataLoss("\"{}\": the server did not answer the range that was asked for", key_);
    }
    size_ = *total;
    etag_ = Header(*response, "etag");
    piece_ = std::move(response->body);
    taken_ = 0;
    next_ += piece_.size();
    return OkStatus();
  }

  const std::shared_ptr<S3Client> client_;
  const std::string key_;
  std::string etag_;
  std::string piece_;
  std::size_t taken_ = 0;   // bytes of piece_ that were handed out
  std::uint64_t next_ = 0;  // where the next piece begins in the object
  std::uint64_t end_ = 0;
  std::uint64_t size_ = 0;
};

class S3Writer : public ObjectWriter {
 public:
  S3Writer(std::shared_ptr<S3Client> client, std::string key, bool if_absent)
      : client_(std::move(client)), key_(std::move(key)), if_absent_(if_absent) {}

  ~S3Writer() override {
    // When this fails too, the bucket's lifecycle rule for unfinished uploads has the last word.
    if (!upload_id_.empty()) AbortS3Multipart(*client_, key_, upload_id_).IgnoreError();
  }

  Status Write(std::string_view piece) override {
    MARU_RETURN_IF_ERROR(failed_);
    while (!piece.empty()) {
      const std::size_t part_bytes = parts_.size() < kSmallParts ? kSmallPartBytes : kLargePartBytes;
      const std::size_t count = std::min(piece.size(), part_bytes - buffer_.size());
      buffer_.append(piece.data(), count);
      piece.remove_prefix(count);
      if (buffer_.size() == part_bytes) {
        failed_ = SendPart();
        MARU_RETURN_IF_ERROR(failed_);
      }
    }
    return OkStatus();
  }

  Status Commit() override {
    MARU_RETURN_IF_ERROR(failed_);
    Status status = upload_id_.empty() ? PutWhole() : CompleteParts();
    if (status.ok()) {
      upload_id_.clear();
      failed_ = FailedPrecondition("\"{}\" is already committed", key_);
    } else if (if_absent_ && status.code() == absl::StatusCode::kAborted) {
      status = AlreadyExists("object \"{}\" already exists", key_);
    }
    return status;
  }

 private:
  Status PutWhole() {
    S3Client::Request request{.method = "PUT", .key = key_, .body = buffer_};
    if (if_absent_) request.headers["if-none-match"] = "*";
    return client_->Send(request).status();
  }

  Status SendPart() {
    if (upload_id_.empty()) {
      MARU_ASSIGN_OR_RETURN(upload_id_, StartS3Multipart(*client_, key_));
    }
    const int number = static_cast<int>(parts_.size()) + 1;
    MARU_ASSIGN_OR_RETURN(const S3Client::Response response,
                          client_->Send({.method = "PUT",
                                         .key = key_,
                                         .query = {{"partNumber", std::to_string(number)}, {"uploadId", upload_id_}},
                                         .body = buffer_}));
    parts_.push_back({number, Header(response, "etag")});
    buffer_.clear();
    return OkStatus();
  }

  Status CompleteParts() {
    if (!buffer_.empty()) MARU_RETURN_IF_ERROR(SendPart());
    return CompleteS3Multipart(*client_, key_, upload_id_, parts_, if_absent_);
  }

  const std::shared_ptr<S3Client> client_;
  const std::string key_;
  const bool if_absent_;
  std::string buffer_;
  std::string upload_id_;
  std::vector<MultipartPart> parts_;
  Status failed_;
};

}  // namespace

Result<std::unique_ptr<ObjectReader>> OpenS3Reader(std::shared_ptr<S3Client> client, std::string key,
                                                   std::uint64_t offset, std::optional<std::uint64_t> length) {
  auto reader = std::make_unique<S3Reader>(std::move(client), std::move(key));
  MARU_RETURN_IF_ERROR(reader->Begin(offset, length));
  return reader;
}

std::unique_ptr<ObjectWriter> MakeS3Writer(std::shared_ptr<S3Client> client, std::string key, bool if_absent) {
  return std::make_unique<S3Writer>(std::move(client), std::move(key), if_absent);
}

Result<std::string> StartS3Multipart(S3Client& client, const std::string& key) {
  MARU_ASSIGN_OR_RETURN(const S3Client::Response response,
                        client.Send({.method = "POST", .key = key, .query = {{"uploads", ""}}}));
  std::string upload_id = XmlText(response.body, "InitiateMultipartUploadResult/UploadId");
  if (upload_id.empty()) return DataLoss("\"{}\": the server started a multipart upload without an id", key);
  return upload_id;
}

Status CompleteS3Multipart(S3Client& client, const std::string& key, const std::string& upload_id,
                           std::span<const MultipartPart> parts, bool if_absent) {
  std::vector<MultipartPart> sorted(parts.begin(), parts.end());
  std::sort(sorted.begin(), sorted.end(), [](const auto& a, const auto& b) { return a.number < b.number; });
  std::string body = "<CompleteMultipartUpload>";
  for (const MultipartPart& part : sorted) {
    body += fmt::format("<Part><PartNumber>{}</PartNumber><ETag>{}</ETag></Part>", part.number, XmlEscape(part.etag));
  }
  body += "</CompleteMultipartUpload>";
  S3Client::Request request{.method = "POST", .key = key, .query = {{"uploadId", upload_id}}, .body = body};
  if (if_absent) request.headers["if-none-match"] = "*";
  MARU_ASSIGN_OR_RETURN(const S3Client::Response response, client.Send(request));
  // S3 sends 200 before it is done, and an error document then still may follow.
  if (const std::string code = XmlText(response.body, "Error/Code"); !code.empty()) {
    return Unavailable("\"{}\": completing the upload failed: {} {}", key, code,
                       XmlText(response.body, "Error/Message"));
  }
  return OkStatus();
}

Status AbortS3Multipart(S3Client& client, const std::string& key, const std::string& upload_id) {
  const Status status = client.Send({.method = "DELETE", .key = key, .query = {{"uploadId", upload_id}}}).status();
  return status.code() == absl::StatusCode::kNotFound ? OkStatus() : status;
}

}  // namespace maru::object_store
