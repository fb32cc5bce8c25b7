// One chunk of a metric series as bytes: up to kChunkPointsMax points, as three compressed columns.
//
// Values are mapped to integers first, whichever way is smallest for the chunk: decimals by a power of ten (Afroozeh,
// Kuffó and Boncz, "ALP: Adaptive Lossless Floating-Point Compression", SIGMOD 2023), 32-bit floats by their bits, and
// other doubles by theirs. Everything comes back bit for bit. Format: docs/formats/metric-chunks.md.
//
// Pure functions; Decode trusts no byte.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "maru/base/status.h"
#include "maru/tracking/metric_point.h"

namespace maru::tracking {

inline constexpr std::size_t kChunkPointsMax = 4096;

std::string EncodeChunk(std::span<const MetricPoint> points);

// Appends the chunk's points to `out`. kDataLoss when the bytes make no sense.
Status DecodeChunk(std::string_view bytes, std::vector<MetricPoint>& out);

}  // namespace maru::tracking
