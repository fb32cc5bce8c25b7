#include "maru/tracking/integer_column.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>

namespace maru::tracking {
namespace {

constexpr std::size_t kBlock = 128;
constexpr int kOrderMax = 4;

struct BlockPlan {
  unsigned width = 0;
  std::size_t cost_bytes = 0;
};

std::size_t VarintSize(std::uint64_t v) {
  return (std::bit_width(v | 1) + 6) / 7;
}

// The cheapest width for a block: two bytes of head, the packed bits, and for each outlier its place and its high bits.
BlockPlan Plan(std::span<const std::uint64_t> block) {
  std::array<std::size_t, 65> with_width{};
  for (const std::uint64_t v : block) ++with_width[std::bit_width(v)];
  BlockPlan best{64, 2 + block.size() * 8};
  std::size_t outliers = 0;
  std::size_t outlier_bytes = 0;
  for (int width = 64; width >= 0; --width) {
    if (width < 64) {
      outliers += with_width[width + 1];
      outlier_bytes = 0;
      for (int w = width + 1; w <= 64; ++w) outlier_bytes += with_width[w] * (1 + (w - width + 6) / 7);
    }
    if (outliers > 40) break;
    const std::size_t cost = 2 + (block.size() * width + 7) / 8 + outlier_bytes;
    if (cost < best.cost_bytes) best = {static_cast<unsigned>(width), cost};
  }
  return best;
}

void Pack(std::string& out, std::span<const std::uint64_t> block, unsigned width) {
  const std::uint64_t mask = width == 64 ? ~0ull : (1ull << width) - 1;
  unsigned __int128 pending = 0;
  unsigned bits = 0;
  for (const std::uint64_t v : block) {
    pending |= static_cast<unsigned __int128>(v & mask) << bits;
    for (bits += width; bits >= 8; bits -= 8) {
      out += static_cast<char>(pending);
      pending >>= 8;
    }
  }
  if (bits > 0) out += static_cast<char>(pending);
}

std::uint64_t Load(const char* from) {
  std::uint64_t v;
  std::memcpy(&v, from, 8);
  return v;  // little-endian machines only, as everywhere in this format
}

// `in` has 8 readable bytes past the packed ones.
void Unpack(const char* in, unsigned width, std::span<std::int64_t> out) {
  if (width == 0) {
    std::fill(out.begin(), out.end(), 0);
    return;
  }
  std::size_t bit = 0;
  if (width <= 56) {
    const std::uint64_t mask = (1ull << width) - 1;
    for (std::int64_t& v : out) {
      v = static_cast<std::int64_t>(Load(in + (bit >> 3)) >> (bit & 7) & mask);
      bit += width;
    }
    return;
  }
  const std::uint64_t mask = width == 64 ? ~0ull : (1ull << width) - 1;
  for (std::int64_t& v : out) {
    const unsigned shift = bit & 7;
    std::uint64_t low = Load(in + (bit >> 3)) >> shift;
    if (shift > 0) low |= static_cast<std::uint64_t>(static_cast<unsigned char>(in[(bit >> 3) + 8])) << (64 - shift);
    v = static_cast<std::int64_t>(low & mask);
    bit += width;
  }
}

Status Broken() {
  return DataLoss("a column of a metric chunk is cut off or damaged");
}

}  // namespace

void AppendVarint(std::string& out, std::uint64_t value) {
  for (; value >= 0x80; value >>= 7) out += static_cast<char>(value | 0x80);
  out += static_cast<char>(value);
}

bool TakeVarint(std::string_view& in, std::uint64_t& value) {
  value = 0;
  for (int shift = 0; shift < 64 && !in.empty(); shift += 7) {
    const auto byte = static_cast<unsigned char>(in.front());
    in.remove_prefix(1);
    value |= static_cast<std::uint64_t>(byte & 0x7f) << shift;
    if (byte < 0x80) return true;
  }
  return false;
}

std::size_t AppendIntegers(std::string& out, std::vector<std::int64_t>& values) {
  const std::size_t start = out.size();
  const std::size_t n = values.size();
  // Differences wrap around, so that any integers come back.
  std::vector<std::uint64_t> v(n), codes(n), best_codes;
  for (std::size_t i = 0; i < n; ++i) v[i] = static_cast<std::uint64_t>(values[i]);
  std::vector<std::uint64_t> best_heads;
  std::size_t best_cost = SIZE_MAX;
  const int orders = static_cast<int>(std::min<std::size_t>(kOrderMax, n));
  for (int order = 0; order <= orders; ++order) {
    if (order > 0) {
      for (std::size_t i = n - 1; i >= static_cast<std::size_t>(order); --i) v[i] -= v[i - 1];
    }
    std::size_t cost = 0;
    for (int i = 0; i < order; ++i) cost += VarintSize(ZigZag(static_cast<std::int64_t>(v[i])));
    codes.resize(n - order);
    for (std::size_t i = order; i < n; ++i) codes[i - order] = ZigZag(static_cast<std::int64_t>(v[i]));
    for (std::size_t at = 0; at < codes.size(); at += kBlock) {
      cost += Plan(std::span(codes).subspan(at, std::min(kBlock, codes.size() - at))).cost_bytes;
    }
    if (cost < best_cost) {
      best_cost = cost;
      best_codes = codes;
      best_heads.assign(v.begin(), v.begin() + order);
    }
  }
  out += static_cast<char>(best_heads.size());
  for (const std::uint64_t head : best_heads) AppendVarint(out, ZigZag(static_cast<std::int64_t>(head)));
  for (std::size_t at = 0; at < best_codes.size(); at += kBlock) {
    const auto block = std::span<const std::uint64_t>(best_codes).subspan(at, std::min(kBlock, best_codes.size() - at));
    const unsigned width = Plan(block).width;
    std::string patches;
    std::size_t outliers = 0;
    for (std::size_t i = 0; i < block.size() && width < 64; ++i) {
      if (const std::uint64_t high = block[i] >> width; high != 0) {
        patches += static_cast<char>(i);
        AppendVarint(patches, high);
        ++outliers;
      }
    }
    out += static_cast<char>(width);
    out += static_cast<char>(outliers);
    Pack(out, block, width);
    out += patches;
  }
  return out.size() - start;
}

Status TakeIntegers(std::string_view& in, std::span<std::int64_t> out) {
  if (in.empty()) return Broken();
  const std::size_t order = static_cast<unsigned char>(in.front());
  in.remove_prefix(1);
  if (order > kOrderMax || order > out.size()) return Broken();
  for (std::size_t i = 0; i < order; ++i) {
    std::uint64_t head = 0;
    if (!TakeVarint(in, head)) return Broken();
    out[i] = UnZigZag(head);
  }
  for (std::size_t at = order; at < out.size(); at += kBlock) {
    const std::span<std::int64_t> block = out.subspan(at, std::min(kBlock, out.size() - at));
    if (in.size() < 2) return Broken();
    const unsigned width = static_cast<unsigned char>(in[0]);
    const std::size_t outliers = static_cast<unsigned char>(in[1]);
    in.remove_prefix(2);
    const std::size_t packed = (block.size() * width + 7) / 8;
    if (width > 64 || in.size() < packed) return Broken();
    if (in.size() >= packed + 9) {
      Unpack(in.data(), width, block);
    } else {
      std::array<char, kBlock * 8 + 16> padded{};
      std::memcpy(padded.data(), in.data(), packed);
      Unpack(padded.data(), width, block);
    }
    in.remove_prefix(packed);
    for (std::size_t i = 0; i < outliers; ++i) {
      if (in.empty()) return Broken();
      const std::size_t place = static_cast<unsigned char>(in.front());
      in.remove_prefix(1);
      std::uint64_t high = 0;
      if (place >= block.size() || width >= 64 || !TakeVarint(in, high)) return Broken();
      block[place] = static_cast<std::int64_t>(static_cast<std::uint64_t>(block[place]) | high << width);
    }
    for (std::int64_t& v : block) v = UnZigZag(static_cast<std::uint64_t>(v));
  }
  for (std::size_t o = order; o > 0; --o) {
    for (std::size_t i = o; i < out.size(); ++i) {
      out[i] = static_cast<std::int64_t>(static_cast<std::uint64_t>(out[i]) + static_cast<std::uint64_t>(out[i - 1]));
    }
  }
  return OkStatus();
}

}  // namespace maru::tracking
