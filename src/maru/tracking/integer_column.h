// Integers as a compressed column: differences of some order, then bit-packed blocks with patched outliers.
//
// A series of steps, of timestamps, or of values mapped to integers is close to a polynomial, so its differences of a
// low order are small. They are zigzag-coded and packed in blocks of 128 at the width that is cheapest for the block;
// what does not fit is patched in afterwards. Sources: Lemire and Boytsov, "Decoding billions of integers per second
// through vectorization" (2015); Zukowski et al., "Super-Scalar RAM-CPU Cache Compression" (2006), for the patches.
//
// Pure functions. The bytes are described in docs/formats/metric-chunks.md.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "maru/base/status.h"

namespace maru::tracking {

void AppendVarint(std::string& out, std::uint64_t value);
// Takes a varint from the front of `in`; false when it is cut off or too long.
bool TakeVarint(std::string_view& in, std::uint64_t& value);

constexpr std::uint64_t ZigZag(std::int64_t v) {
  return (static_cast<std::uint64_t>(v) << 1) ^ static_cast<std::uint64_t>(v >> 63);
}
constexpr std::int64_t UnZigZag(std::uint64_t v) {
  return static_cast<std::int64_t>(v >> 1) ^ -static_cast<std::int64_t>(v & 1);
}

// Appends `values` to `out`; their number is for the reader to know. Spoils `values`. Returns the bytes it took.
std::size_t AppendIntegers(std::string& out, std::vector<std::int64_t>& values);

// Takes out.size() integers from the front of `in`. kDataLoss when the bytes make no sense.
Status TakeIntegers(std::string_view& in, std::span<std::int64_t> out);

}  // namespace maru::tracking
