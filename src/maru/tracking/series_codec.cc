#include "maru/tracking/series_codec.h"

#include <bit>
#include <cmath>
#include <cstring>

#include "maru/tracking/integer_column.h"

namespace maru::tracking {
namespace {

constexpr char kFormat = 1;
enum Mapping : std::uint8_t { kDecimal = 0, kFloat = 1, kDouble = 2 };
constexpr int kDecimalsMax = 15;
constexpr double kPowers[kDecimalsMax + 1] = {1e0, 1e1, 1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                              1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};
constexpr double kExactMax = 9007199254740992.0;  // 2^53

std::uint64_t Bits(double v) {
  return std::bit_cast<std::uint64_t>(v);
}

// Bits as integers in the order of the numbers, so that near numbers are near integers.
std::int64_t OrderedBits(double v) {
  const std::int64_t bits = std::bit_cast<std::int64_t>(v);
  return bits < 0 ? static_cast<std::int64_t>(~static_cast<std::uint64_t>(bits) | (1ull << 63)) : bits;
}
double FromOrderedBits(std::int64_t v) {
  return std::bit_cast<double>(v < 0 ? static_cast<std::int64_t>(~static_cast<std::uint64_t>(v) | (1ull << 63)) : v);
}
std::int64_t OrderedFloatBits(float v) {
  const auto bits = std::bit_cast<std::int32_t>(v);
  return bits < 0 ? static_cast<std::int32_t>(~static_cast<std::uint32_t>(bits) | (1u << 31)) : bits;
}
float FromOrderedFloatBits(std::int64_t v) {
  const auto bits = static_cast<std::int32_t>(v);
  return std::bit_cast<float>(bits < 0 ? static_cast<std::int32_t>(~static_cast<std::uint32_t>(bits) | (1u << 31))
                                       : bits);
}

double FromDecimal(std::int64_t v, int decimals) {
  return static_cast<double>(v) / kPowers[decimals];
}

// True when v is an integer over 10^decimals, exactly as FromDecimal gives it back.
bool ToDecimal(double v, int decimals, std::int64_t* integer) {
  const double scaled = v * kPowers[decimals];
  if (!(std::abs(scaled) < kExactMax)) return false;
  *integer = std::llround(scaled);
  return Bits(FromDecimal(*integer, decimals)) == Bits(v);
}

// The decimals that most values need, or -1 when they are no decimals.
int Decimals(std::span<const MetricPoint> points) {
  int decimals = 0;
  std::size_t misfits = 0;
  for (const MetricPoint& p : points) {
    std::int64_t ignored = 0;
    while (decimals <= kDecimalsMax && !ToDecimal(p.value, decimals, &ignored)) {
      if (!std::isfinite(p.value)) {
        ++misfits;
        break;
      }
      ++decimals;
    }
    if (decimals > kDecimalsMax || misfits > points.size() / 16 + 1) return -1;
  }
  return decimals;
}

struct Misfit {
  std::size_t index;
  std::uint64_t bits;
};

// Maps the values and appends: mapping, decimals, misfits, column. `map` gives false for what it cannot express.
template <typename Map>
std::string ValueColumn(std::span<const MetricPoint> points, Mapping mapping, int decimals, Map map) {
  std::vector<std::int64_t> integers(points.size());
  std::vector<Misfit> misfits;
  std::int64_t last = 0;
  for (std::size_t i = 0; i < points.size(); ++i) {
    if (!map(points[i].value, &integers[i])) {
      misfits.push_back({i, Bits(points[i].value)});
      integers[i] = last;
    }
    last = integers[i];
  }
  std::string out;
  out += static_cast<char>(mapping);
  out += static_cast<char>(decimals);
  AppendVarint(out, misfits.size());
  for (const Misfit& m : misfits) {
    AppendVarint(out, m.index);
    for (int byte = 0; byte < 8; ++byte) out += static_cast<char>(m.bits >> (8 * byte));
  }
  AppendIntegers(out, integers);
  return out;
}

bool MostlyFloats(std::span<const MetricPoint> points) {
  std::size_t misfits = 0;
  for (const MetricPoint& p : points) {
    if (Bits(static_cast<double>(static_cast<float>(p.value))) != Bits(p.value)) ++misfits;
  }
  return misfits <= points.size() / 16;
}

std::string Values(std::span<const MetricPoint> points) {
  std::string best;
  const auto offer = [&](std::string column) {
    if (best.empty() || column.size() < best.size()) best = std::move(column);
  };
  if (const int decimals = Decimals(points); decimals >= 0) {
    offer(
        ValueColumn(points, kDecimal, decimals, [&](double v, std::int64_t* i) { return ToDecimal(v, decimals, i); }));
  }
  if (MostlyFloats(points)) {
    offer(ValueColumn(points, kFloat, 0, [](double v, std::int64_t* i) {
      *i = OrderedFloatBits(static_cast<float>(v));
      return Bits(static_cast<double>(static_cast<float>(v))) == Bits(v);
    }));
  }
  if (best.empty() || best.size() > points.size() * 4) {
    offer(ValueColumn(points, kDouble, 0, [](double v, std::int64_t* i) {
      *i = OrderedBits(v);
      return true;
    }));
  }
  return best;
}

Status Broken() {
  return DataLoss("a metric chunk is cut off or damaged");
}

}  // namespace

std::string EncodeChunk(std::span<const MetricPoint> points) {
  std::string out;
  out += kFormat;
  AppendVarint(out, points.size());
  std::vector<std::int64_t> column(points.size());
  for (std::size_t i = 0; i < points.size(); ++i) column[i] = points[i].timestamp_ms;
  AppendIntegers(out, column);
  for (std::size_t i = 0; i < points.size(); ++i) column[i] = points[i].step;
  AppendIntegers(out, column);
  out += Values(points);
  return out;
}

Status DecodeChunk(std::string_view bytes, std::vector<MetricPoint>& out) {
  std::uint64_t count = 0;
  if (bytes.empty() || bytes.front() != kFormat) return Broken();
  bytes.remove_prefix(1);
  if (!TakeVarint(bytes, count) || count > kChunkPointsMax) return Broken();
  thread_local std::vector<std::int64_t> column;
  column.resize(count);
  const std::size_t start = out.size();
  out.resize(start + count);
  const std::span<MetricPoint> points = std::span(out).subspan(start);
  MARU_RETURN_IF_ERROR(TakeIntegers(bytes, column));
  for (std::size_t i = 0; i < count; ++i) points[i].timestamp_ms = column[i];
  MARU_RETURN_IF_ERROR(TakeIntegers(bytes, column));
  for (std::size_t i = 0; i < count; ++i) points[i].step = column[i];

  if (bytes.size() < 2) return Broken();
  const auto mapping = static_cast<unsigned char>(bytes[0]);
  const int decimals = static_cast<unsigned char>(bytes[1]);
  bytes.remove_prefix(2);
  std::uint64_t misfits = 0;
  if (decimals > kDecimalsMax || !TakeVarint(bytes, misfits) || misfits > count) return Broken();
  std::vector<Misfit> patches(misfits);
  for (Misfit& m : patches) {
    std::uint64_t index = 0;
    if (!TakeVarint(bytes, index) || index >= count || bytes.size() < 8) return Broken();
    m.index = index;
    std::memcpy(&m.bits, bytes.data(), 8);
    bytes.remove_prefix(8);
  }
  MARU_RETURN_IF_ERROR(TakeIntegers(bytes, column));
  switch (mapping) {
    case kDecimal:
      for (std::size_t i = 0; i < count; ++i) points[i].value = FromDecimal(column[i], decimals);
      break;
    case kFloat:
      for (std::size_t i = 0; i < count; ++i) points[i].value = FromOrderedFloatBits(column[i]);
      break;
    case kDouble:
      for (std::size_t i = 0; i < count; ++i) points[i].value = FromOrderedBits(column[i]);
      break;
    default:
      return Broken();
  }
  for (const Misfit& m : patches) points[m.index].value = std::bit_cast<double>(m.bits);
  return OkStatus();
}

}  // namespace maru::tracking
