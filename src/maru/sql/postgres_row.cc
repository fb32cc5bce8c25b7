#include "maru/sql/postgres_row.h"

#include <bit>
#include <cmath>
#include <cstdlib>
#include <limits>

namespace maru::sql {
namespace {

// A big-endian integer, sign-extended from its own width.
std::int64_t BigEndian(std::string_view raw) {
  std::uint64_t bits = !raw.empty() && (raw[0] & 0x80) ? ~std::uint64_t{0} : 0;
  for (const unsigned char byte : raw) bits = bits << 8 | byte;
  return static_cast<std::int64_t>(bits);
}

// numeric on the wire (utils/adt/numeric.c, numeric_send): int16 digits, weight, sign, scale, then base-10000 digits.
// Sums and averages of BIGINT have this type.
double Numeric(std::string_view raw) {
  if (raw.size() < 8) return 0;
  const auto digits = static_cast<int>(BigEndian(raw.substr(0, 2)));
  const auto weight = static_cast<int>(BigEndian(raw.substr(2, 2)));
  const auto sign = static_cast<std::uint16_t>(BigEndian(raw.substr(4, 2)));
  if (sign == 0xC000) return std::numeric_limits<double>::quiet_NaN();
  if (sign == 0xD000) return std::numeric_limits<double>::infinity();
  if (sign == 0xF000) return -std::numeric_limits<double>::infinity();
  double value = 0;
  for (int i = 0; i < digits; ++i) {
    value += static_cast<double>(BigEndian(raw.substr(8 + 2 * i, 2))) * std::pow(10000.0, weight - i);
  }
  return sign == 0x4000 ? -value : value;
}

std::int64_t NumericInt(std::string_view raw) {
  if (raw.size() < 8) return 0;
  const auto digits = static_cast<int>(BigEndian(raw.substr(0, 2)));
  const auto weight = static_cast<int>(BigEndian(raw.substr(2, 2)));
  const bool negative = static_cast<std::uint16_t>(BigEndian(raw.substr(4, 2))) == 0x4000;
  if (weight > 4) return 0;  // beyond 64 bits
  std::uint64_t value = 0;
  for (int i = 0; i <= weight; ++i) {
    value = value * 10000 + (i < digits ? static_cast<std::uint64_t>(BigEndian(raw.substr(8 + 2 * i, 2))) : 0);
  }
  return static_cast<std::int64_t>(negative ? -value : value);
}

}  // namespace

std::string_view PostgresRow::Raw(int column) const {
  return {PQgetvalue(result_, row_, column), static_cast<std::size_t>(PQgetlength(result_, row_, column))};
}

bool PostgresRow::IsNull(int column) const {
  return PQgetisnull(result_, row_, column) != 0;
}

std::int64_t PostgresRow::Int(int column) const {
  if (IsNull(column)) return 0;
  switch (PQftype(result_, column)) {
    case kPgInt8:
    case kPgInt4:
    case kPgInt2:
      return BigEndian(Raw(column));
    case kPgBool:
      return Raw(column)[0] != 0;
    case kPgOid:
      return BigEndian(Raw(column)) & 0xffffffff;
    case kPgFloat8:
    case kPgFloat4:
      return static_cast<std::int64_t>(Real(column));
    case kPgNumeric:
      return NumericInt(Raw(column));
    default:
      return std::strtoll(PQgetvalue(result_, row_, column), nullptr, 10);
  }
}

double PostgresRow::Real(int column) const {
  if (IsNull(column)) return 0;
  switch (PQftype(result_, column)) {
    case kPgFloat8:
      return std::bit_cast<double>(BigEndian(Raw(column)));
    case kPgFloat4:
      return std::bit_cast<float>(static_cast<std::uint32_t>(BigEndian(Raw(column))));
    case kPgNumeric:
      return Numeric(Raw(column));
    case kPgInt8:
    case kPgInt4:
    case kPgInt2:
      return static_cast<double>(Int(column));
    default:
      return std::strtod(PQgetvalue(result_, row_, column), nullptr);
  }
}

std::string_view PostgresRow::Text(int column) const {
  if (IsNull(column)) return {};
  switch (PQftype(result_, column)) {
    case kPgInt8:
    case kPgInt4:
    case kPgInt2:
    case kPgBool:
      return *made_.emplace_back(std::make_unique<std::string>(std::to_string(Int(column))));
    case kPgFloat8:
    case kPgFloat4:
    case kPgNumeric:
      return *made_.emplace_back(std::make_unique<std::string>(fmt::format("{}", Real(column))));
    default:
      return Raw(column);
  }
}

std::string_view PostgresRow::Bytes(int column) const {
  return IsNull(column) ? std::string_view() : Raw(column);
}

}  // namespace maru::sql
