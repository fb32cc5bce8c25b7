// How an artifact goes over HTTP: as a download, whole or in part, and as an upload. Both stream with bounded memory.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "maru/artifacts/artifact_service.h"
#include "maru/http/message.h"
#include "maru/http/stream.h"

namespace maru::api::mlflow {

struct ByteRange {
  std::optional<std::uint64_t> first;  // nothing: the last `last` bytes
  std::optional<std::uint64_t> last;   // inclusive
  bool operator==(const ByteRange&) const = default;
};

// The one range of a Range header (RFC 9110, section 14.2). Nothing when there is none, several, or another unit: then
// the whole is sent, as the RFC allows.
std::optional<ByteRange> ParseRange(std::string_view header);

// The media type by the name's ending; text for what a person would read as text.
std::string_view ContentTypeOf(std::string_view name);

// "attachment; filename=…": artifacts are never shown on this server's own origin, where their scripts would run.
std::string AttachmentHeader(std::string_view name);

// 200 with the artifact, 206 with the range that was asked for, or 416.
Result<http::Reply> Download(artifacts::ArtifactService& service, const artifacts::Tree& tree, std::string_view path,
                             const http::Request& request);

// Answers {} when the whole body is durable.
std::unique_ptr<http::UploadSink> Upload(std::unique_ptr<object_store::ObjectWriter> writer);

}  // namespace maru::api::mlflow
