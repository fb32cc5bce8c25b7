#include "maru/serving/live_stats.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace maru::serving {

int LatencyHistogram::Bucket(std::int64_t ns) {
  const std::uint64_t us4 = static_cast<std::uint64_t>(std::max<std::int64_t>(ns, 0)) / 250;  // quarters of µs
  if (us4 < 4) return 0;
  const int octave = std::bit_width(us4) - 3;  // 4 quarters start octave 0
  const int quarter = static_cast<int>((us4 >> octave) & 3);
  return std::min(octave * 4 + quarter, kBuckets - 1);
}

double LatencyHistogram::UpperBoundSeconds(int bucket) {
  return std::ldexp(1.0 + (bucket % 4 + 1) / 4.0, bucket / 4) * 1e-6;
}

std::array<std::int64_t, LatencyHistogram::kBuckets> LatencyHistogram::Counts() const {
  std::array<std::int64_t, kBuckets> counts;
  for (int i = 0; i < kBuckets; ++i) counts[i] = buckets_[i].load(std::memory_order_relaxed);
  return counts;
}

double LatencyHistogram::QuantileSeconds(const std::array<std::int64_t, kBuckets>& counts, double q) {
  std::int64_t total = 0;
  for (const std::int64_t count : counts) total += count;
  if (total == 0) return 0;
  const double rank = q * static_cast<double>(total);
  double below = 0;
  for (int i = 0; i < kBuckets; ++i) {
    const double count = static_cast<double>(counts[i]);
    if (count > 0 && below + count >= rank) {
      const double low = i == 0 ? 0 : UpperBoundSeconds(i - 1);
      return low + (UpperBoundSeconds(i) - low) * std::clamp((rank - below) / count, 0.0, 1.0);
    }
    below += count;
  }
  return UpperBoundSeconds(kBuckets - 1);
}

}  // namespace maru::serving
