#include "maru/web/assets.h"

#include <zlib.h>

#include <algorithm>

// The assembler copies the pack into the object file: no compiler has to read a megabyte of character literals.
__asm__(
    ".section .rodata\n"
    ".balign 16\n"
    "maru_web_assets_begin:\n"
    ".incbin \"" MARU_WEB_ASSETS
    "\"\n"
    ".byte 0\n"
    ".previous\n");
extern "C" __attribute__((visibility("hidden"))) const char maru_web_assets_begin[];

namespace maru::web {
namespace {

struct Row {
  const char *path, *content_type, *etag;
  std::size_t offset, stored_bytes, plain_bytes;
  bool gzip, immutable;
};

constexpr Row kRows[] = {
#include "web_assets.inc"
    {nullptr, nullptr, nullptr, 0, 0, 0, false, false},
};

}  // namespace

std::span<const Asset> Assets() {
  static const std::vector<Asset>* const assets = [] {
    auto* list = new std::vector<Asset>;
    for (const Row& row : kRows) {
      if (!row.path) continue;
      list->push_back({row.path, row.content_type, row.etag, row.offset, row.stored_bytes, row.plain_bytes, row.gzip,
                       row.immutable});
    }
    std::sort(list->begin(), list->end(), [](const Asset& a, const Asset& b) { return a.path < b.path; });
    return list;
  }();
  return *assets;
}

const Asset* FindAsset(std::string_view path) {
  const std::span<const Asset> all = Assets();
  const auto at = std::lower_bound(all.begin(), all.end(), path,
                                   [](const Asset& asset, std::string_view wanted) { return asset.path < wanted; });
  return at != all.end() && at->path == path ? &*at : nullptr;
}

std::string_view Stored(const Asset& asset) {
  return {maru_web_assets_begin + asset.offset, asset.stored_bytes};
}

Result<std::string> Plain(const Asset& asset) {
  if (!asset.gzip) return std::string(Stored(asset));
  std::string plain(asset.plain_bytes, '\0');
  z_stream stream{};
  if (inflateInit2(&stream, 15 + 16) != Z_OK) return Internal("zlib does not start");
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(Stored(asset).data()));
  stream.avail_in = static_cast<uInt>(asset.stored_bytes);
  stream.next_out = reinterpret_cast<Bytef*>(plain.data());
  stream.avail_out = static_cast<uInt>(plain.size());
  const int code = inflate(&stream, Z_FINISH);
  inflateEnd(&stream);
  if (code != Z_STREAM_END) return DataLoss("{} in the binary is damaged: zlib says {}", asset.path, code);
  return plain;
}

}  // namespace maru::web
