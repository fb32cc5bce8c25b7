#include "maru/api/mlflow/artifact_reply.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace maru::api::mlflow {
namespace {

class ArtifactSource : public http::BodySource {
 public:
  explicit ArtifactSource(std::unique_ptr<object_store::ObjectReader> reader) : reader_(std::move(reader)) {}
  Result<std::size_t> Read(std::span<char> out) override { return reader_->Read(out); }

 private:
  const std::unique_ptr<object_store::ObjectReader> reader_;
};

class ArtifactSink : public http::UploadSink {
 public:
  explicit ArtifactSink(std::unique_ptr<object_store::ObjectWriter> writer) : writer_(std::move(writer)) {}
  Status Write(std::string_view piece) override { return writer_->Write(piece); }
  Result<http::Reply> Finish() override {
    MARU_RETURN_IF_ERROR(writer_->Commit());
    return http::Reply::Json("{}");
  }

 private:
  const std::unique_ptr<object_store::ObjectWriter> writer_;
};

std::optional<std::uint64_t> Number(std::string_view text) {
  std::uint64_t value;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

struct ContentType {
  std::string_view ending, type;
};

constexpr ContentType kContentTypes[] = {
    {"avif", "image/avif"},     {"bmp", "image/bmp"},
    {"css", "text/css"},        {"gif", "image/gif"},
    {"gz", "application/gzip"}, {"htm", "text/html"},
    {"html", "text/html"},      {"ico", "image/vnd.microsoft.icon"},
    {"jpeg", "image/jpeg"},     {"jpg", "image/jpeg"},
    {"mp3", "audio/mpeg"},      {"mp4", "video/mp4"},
    {"pdf", "application/pdf"}, {"png", "image/png"},
    {"svg", "image/svg+xml"},   {"tar", "application/x-tar"},
    {"tif", "image/tiff"},      {"tiff", "image/tiff"},
    {"wav", "audio/x-wav"},     {"webm", "video/webm"},
    {"webp", "image/webp"},     {"zip", "application/zip"},
};

// Endings of what MLflow's clients and page treat as text, besides names that are such an ending as a whole.
constexpr std::string_view kText[] = {
    "MLmodel", "MLproject", "cf",   "cfg",        "cnf", "conf", "csv", "err", "hocon", "ini", "ipynb", "js", "json",
    "log",     "md",        "prop", "properties", "py",  "py3",  "rst", "tsv", "txt",   "xml", "yaml",  "yml"};

std::string_view NameOf(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string_view::npos ? path : path.substr(slash + 1);
}

}  // namespace

std::optional<ByteRange> ParseRange(std::string_view header) {
  constexpr std::string_view kUnit = "bytes=";
  if (!header.starts_with(kUnit)) return std::nullopt;
  header.remove_prefix(kUnit.size());
  const std::size_t dash = header.find('-');
  if (dash == std::string_view::npos) return std::nullopt;
  const std::string_view first = header.substr(0, dash), last = header.substr(dash + 1);
  ByteRange range{Number(first), Number(last)};
  if ((!first.empty() && !range.first) || (!last.empty() && !range.last)) return std::nullopt;
  if (!range.first && !range.last) return std::nullopt;
  if (range.first && range.last && *range.last < *range.first) return std::nullopt;
  return range;
}

std::string_view ContentTypeOf(std::string_view name) {
  const std::size_t dot = name.rfind('.');
  const std::string_view ending = dot == std::string_view::npos ? name : name.substr(dot + 1);
  if (std::find(std::begin(kText), std::end(kText), ending) != std::end(kText)) return "text/plain";
  const auto same = [&](const ContentType& t) {
    return std::equal(ending.begin(), ending.end(), t.ending.begin(), t.ending.end(),
                      [](unsigned char a, unsigned char b) { return std::tolower(a) == b; });
  };
  const auto found = std::find_if(std::begin(kContentTypes), std::end(kContentTypes), same);
  return found == std::end(kContentTypes) ? "application/octet-stream" : found->type;
}

std::string AttachmentHeader(std::string_view name) {
  std::string plain, encoded;
  bool is_plain = true;
  for (const char c : name) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte >= 0x7F) {
      is_plain = false;
    } else {
      if (c == '"' || c == '\\') plain += '\\';
      plain += c;
    }
    const bool unreserved = std::isalnum(byte) || std::string_view("!#$&+-.^_`|~").find(c) != std::string_view::npos;
    encoded += unreserved && byte < 0x80 ? std::string(1, c) : fmt::format("%{:02X}", byte);
  }
  if (is_plain) return fmt::format("attachment; filename=\"{}\"", plain);
  return fmt::format("attachment; filename=\"{}\"; filename*=UTF-8''{}", plain.empty() ? "download" : plain, encoded);
}

Result<http::Reply> Download(artifacts::ArtifactService& service, const artifacts::Tree& tree, std::string_view path,
                             const http::Request& request) {
  const std::optional<ByteRange> range = ParseRange(request.headers.Get("Range"));
  std::uint64_t offset = range && range->first ? *range->first : 0;
  auto reader = service.Open(tree, path, offset);
  if (reader.status().code() == absl::StatusCode::kOutOfRange) {
    MARU_ASSIGN_OR_RETURN(const auto whole, service.Open(tree, path));
    http::Reply reply{.status = 416};
    reply.headers.Add("Content-Range", fmt::format("bytes */{}", whole->size_bytes()));
    return reply;
  }
  MARU_RETURN_IF_ERROR(reader.status());
  const std::uint64_t size = (*reader)->size_bytes();
  std::uint64_t length = size - offset;
  if (range) {
    if (!range->first) {
      length = std::min(*range->last, size);
      offset = size - length;
    } else if (range->last) {
      length = std::min(*range->last - offset + 1, size - offset);
    }
    if (length == 0) {
      http::Reply reply{.status = 416};
      reply.headers.Add("Content-Range", fmt::format("bytes */{}", size));
      return reply;
    }
    MARU_ASSIGN_OR_RETURN(reader, service.Open(tree, path, offset, length));
  }
  const std::string_view name = NameOf(path);
  http::Reply reply{.status = range ? 206 : 200, .content_type = std::string(ContentTypeOf(name))};
  reply.headers.Add("Accept-Ranges", "bytes");
  reply.headers.Add("Content-Disposition", AttachmentHeader(name));
  if (range) reply.headers.Add("Content-Range", fmt::format("bytes {}-{}/{}", offset, offset + length - 1, size));
  reply.stream = std::make_unique<ArtifactSource>(*std::move(reader));
  reply.stream_length = length;
  return reply;
}

std::unique_ptr<http::UploadSink> Upload(std::unique_ptr<object_store::ObjectWriter> writer) {
  return std::make_unique<ArtifactSink>(std::move(writer));
}

}  // namespace maru::api::mlflow
