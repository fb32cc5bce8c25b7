#include "maru/http/gzip.h"

#include <strings.h>
#include <zlib.h>

#include <algorithm>
#include <cstdlib>
#include <limits>
#include <memory>

namespace maru::http {
namespace {

constexpr std::size_t kCompressBytesMin = 1024;
constexpr int kGzipWindow = 15 + 16;
constexpr int kZlibWindow = 15;
constexpr int kRawWindow = -15;

bool EqualsIgnoreCase(std::string_view a, std::string_view b) {
  return a.size() == b.size() && strncasecmp(a.data(), b.data(), a.size()) == 0;
}

std::string_view Trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

std::string_view TakeUntil(std::string_view& rest, char separator) {
  const std::string_view part = rest.substr(0, rest.find(separator));
  rest.remove_prefix(std::min(part.size() + 1, rest.size()));
  return Trim(part);
}

class Inflater {
 public:
  explicit Inflater(int window) { ready_ = inflateInit2(&stream_, window) == Z_OK; }
  ~Inflater() {
    if (ready_) inflateEnd(&stream_);
  }
  bool ready() const { return ready_; }
  z_stream& stream() { return stream_; }

 private:
  z_stream stream_{};
  bool ready_;
};

Result<std::string> DecompressAs(std::string_view body, int window, std::size_t bytes_max) {
  Inflater inflater(window);
  if (!inflater.ready()) return ResourceExhausted("no memory to decompress the body");
  z_stream& stream = inflater.stream();
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(body.data()));
  std::size_t left_in = body.size();
  std::string text;
  char piece[32 * 1024];
  while (true) {
    if (stream.avail_in == 0 && left_in > 0) {
      stream.avail_in = static_cast<uInt>(std::min<std::size_t>(left_in, std::numeric_limits<uInt>::max()));
      left_in -= stream.avail_in;
    }
    stream.next_out = reinterpret_cast<Bytef*>(piece);
    stream.avail_out = sizeof(piece);
    const int result = inflate(&stream, Z_NO_FLUSH);
    const std::size_t got = sizeof(piece) - stream.avail_out;
    if (got > bytes_max - text.size()) {
      return ResourceExhausted("the body is larger than {} bytes when decompressed", bytes_max);
    }
    text.append(piece, got);
    if (result == Z_STREAM_END) {
      if (stream.avail_in == 0 && left_in == 0) return text;
      // A gzip file may have several members, one after another.
      if (window != kGzipWindow || inflateReset(&stream) != Z_OK) break;
    } else if (result != Z_OK || (got == 0 && stream.avail_in == 0 && left_in == 0)) {
      break;
    }
  }
  return InvalidArgument("the body's Content-Encoding is broken or cut off");
}

// deflateInit2 clears a quarter of a megabyte; one state per thread is reset instead.
class Deflater {
 public:
  Deflater() { ready_ = deflateInit2(&stream_, Z_BEST_SPEED, Z_DEFLATED, kGzipWindow, 8, Z_DEFAULT_STRATEGY) == Z_OK; }
  ~Deflater() {
    if (ready_) deflateEnd(&stream_);
  }
  std::string Run(std::string_view body) {
    if (!ready_ || deflateReset(&stream_) != Z_OK) return {};
    std::string out(deflateBound(&stream_, body.size()), '\0');
    stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(body.data()));
    stream_.avail_in = static_cast<uInt>(body.size());
    stream_.next_out = reinterpret_cast<Bytef*>(out.data());
    stream_.avail_out = static_cast<uInt>(out.size());
    if (deflate(&stream_, Z_FINISH) != Z_STREAM_END) return {};
    out.resize(out.size() - stream_.avail_out);
    return out;
  }

 private:
  z_stream stream_{};
  bool ready_;
};

}  // namespace

ContentCoding ParseContentCoding(std::string_view header) {
  header = Trim(header);
  if (header.empty() || EqualsIgnoreCase(header, "identity")) return ContentCoding::kIdentity;
  if (EqualsIgnoreCase(header, "gzip") || EqualsIgnoreCase(header, "x-gzip")) return ContentCoding::kGzip;
  if (EqualsIgnoreCase(header, "deflate")) return ContentCoding::kDeflate;
  return ContentCoding::kUnknown;
}

Result<std::string> Decompress(std::string_view body, ContentCoding coding, std::size_t bytes_max) {
  if (coding == ContentCoding::kGzip) return DecompressAs(body, kGzipWindow, bytes_max);
  // RFC 9110 section 8.4.1.2: "deflate" is the zlib format, but some clients send the bare stream. A zlib header is a
  // multiple of 31 whose low digit is 8.
  const bool zlib = body.size() >= 2 && (body[0] & 0x0f) == 8 &&
                    (static_cast<unsigned char>(body[0]) * 256 + static_cast<unsigned char>(body[1])) % 31 == 0;
  return DecompressAs(body, zlib ? kZlibWindow : kRawWindow, bytes_max);
}

bool AcceptsGzip(std::string_view header) {
  bool any = false;
  while (!header.empty()) {
    std::string_view item = TakeUntil(header, ',');
    const std::string_view coding = TakeUntil(item, ';');
    bool wanted = true;
    while (!item.empty()) {
      const std::string_view parameter = TakeUntil(item, ';');
      if (parameter.size() > 2 && (parameter[0] == 'q' || parameter[0] == 'Q') && parameter[1] == '=') {
        wanted = parameter.find_first_of("123456789", 2) != std::string_view::npos;
      }
    }
    if (EqualsIgnoreCase(coding, "gzip") || EqualsIgnoreCase(coding, "x-gzip")) return wanted;
    if (coding == "*") any = wanted;
  }
  return any;
}

bool WorthCompressing(std::string_view content_type, std::size_t bytes) {
  if (bytes < kCompressBytesMin || bytes > std::numeric_limits<uInt>::max() / 2) return false;
  const std::string_view type = content_type.substr(0, content_type.find(';'));
  return type.starts_with("text/") || type == "application/json" || type == "application/javascript" ||
         type == "application/xml" || type == "application/yaml" || type.ends_with("+json") || type.ends_with("+xml");
}

std::string Gzip(std::string_view body) {
  thread_local Deflater deflater;
  return deflater.Run(body);
}

}  // namespace maru::http
