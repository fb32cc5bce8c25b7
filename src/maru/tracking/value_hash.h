// The number that an index holds in place of a tag's or param's value. Stored, so it must never change.
#pragma once

#include <cstdint>
#include <string_view>

namespace maru::tracking {

// FNV-1a, 64 bits (Fowler, Noll, Vo; draft-eastlake-fnv).
constexpr std::int64_t HashOf(std::string_view text) {
  std::uint64_t hash = 0xcbf29ce484222325ull;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3ull;
  return static_cast<std::int64_t>(hash);
}

}  // namespace maru::tracking
