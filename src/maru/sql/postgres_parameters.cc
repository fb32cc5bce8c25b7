#include "maru/sql/postgres_parameters.h"

#include <bit>

#include "maru/sql/postgres_row.h"

namespace maru::sql {
namespace {

constexpr int kText = 0;
constexpr int kBinary = 1;

std::string BigEndian(std::uint64_t bits) {
  std::string bytes(8, '\0');
  for (int i = 7; i >= 0; --i, bits >>= 8) bytes[i] = static_cast<char>(bits & 0xff);
  return bytes;
}

}  // namespace

std::vector<Oid> DeclaredTypes(const Args& args, Declare how) {
  std::vector<Oid> types;
  types.reserve(args.get().size());
  for (const Value& value : args.get()) {
    Oid type = 0;
    if (std::holds_alternative<Blob>(value)) {
      type = kPgBytea;
    } else if (how != Declare::kNothing && std::holds_alternative<std::int64_t>(value)) {
      type = kPgInt8;
    } else if (how != Declare::kNothing && std::holds_alternative<double>(value)) {
      type = kPgFloat8;
    } else if (how == Declare::kAll) {
      type = kPgText;
    }
    types.push_back(type);
  }
  return types;
}

bool Widen(const Args& args, std::vector<Oid>& types) {
  bool widened = false;
  std::size_t i = 0;
  for (const Value& value : args.get()) {
    Oid& type = types[i++];
    const bool undeclared = type != kPgInt8 && type != kPgFloat8;
    Oid wanted = type;
    if (undeclared && std::holds_alternative<std::int64_t>(value)) wanted = kPgInt8;
    if (std::holds_alternative<double>(value)) wanted = kPgFloat8;
    widened |= wanted != type;
    type = wanted;
  }
  return widened;
}

PostgresParameters::PostgresParameters(const Args& args, const std::vector<Oid>& types) {
  const std::size_t n = args.get().size();
  owned_.reserve(n);
  values_.reserve(n);
  lengths_.reserve(n);
  formats_.reserve(n);
  const auto add = [&](const char* data, std::size_t length, int format) {
    values_.push_back(data);
    lengths_.push_back(static_cast<int>(length));
    formats_.push_back(format);
  };
  const auto add_owned = [&](std::string text, int format) {
    owned_.push_back(std::move(text));
    add(owned_.back().data(), owned_.back().size(), format);
  };
  std::size_t i = 0;
  for (const Value& value : args.get()) {
    const Oid type = types[i++];
    if (const auto* number = std::get_if<std::int64_t>(&value)) {
      if (type == kPgInt8) {
        add_owned(BigEndian(static_cast<std::uint64_t>(*number)), kBinary);
      } else {
        add_owned(std::to_string(*number), kText);
      }
    } else if (const auto* real = std::get_if<double>(&value)) {
      if (type == kPgFloat8) {
        add_owned(BigEndian(std::bit_cast<std::uint64_t>(*real)), kBinary);
      } else {
        add_owned(fmt::format("{}", *real), kText);
      }
    } else if (const auto* text = std::get_if<std::string_view>(&value)) {
      add_owned(std::string(*text), kText);  // libpq wants it to end in NUL
    } else if (const auto* blob = std::get_if<Blob>(&value)) {
      add(blob->bytes.data() == nullptr ? "" : blob->bytes.data(), blob->bytes.size(), kBinary);
    } else {
      add(nullptr, 0, kText);
    }
  }
}

}  // namespace maru::sql
