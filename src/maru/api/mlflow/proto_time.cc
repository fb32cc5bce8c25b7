#include "maru/api/mlflow/proto_time.h"

#include <charconv>
#include <chrono>

namespace maru::api::mlflow {
namespace {

// Reads exactly `digits` digits and moves on.
bool TakeNumber(std::string_view& text, std::size_t digits, int& to) {
  if (text.size() < digits) return false;
  const auto [end, error] = std::from_chars(text.data(), text.data() + digits, to);
  if (error != std::errc() || end != text.data() + digits) return false;
  text.remove_prefix(digits);
  return true;
}

bool TakeLetter(std::string_view& text, std::string_view any_of) {
  if (text.empty() || any_of.find(text.front()) == std::string_view::npos) return false;
  text.remove_prefix(1);
  return true;
}

// ".699123" as milliseconds; nothing is 0.
bool TakeFraction(std::string_view& text, int& ms) {
  ms = 0;
  if (!TakeLetter(text, ".")) return true;
  int place = 100;
  std::size_t digits = 0;
  for (; !text.empty() && text.front() >= '0' && text.front() <= '9'; text.remove_prefix(1), ++digits) {
    ms += (text.front() - '0') * place;
    place /= 10;
  }
  return digits > 0 && digits <= 9;
}

std::string Fraction(std::int64_t ms) {
  return ms == 0 ? "" : fmt::format(".{:03}", ms);
}

}  // namespace

std::string FormatTimestamp(std::int64_t ms) {
  namespace c = std::chrono;
  const c::sys_time<c::milliseconds> time{c::milliseconds(ms)};
  const auto day = c::floor<c::days>(time);
  const c::year_month_day date(day);
  const c::hh_mm_ss clock(time - day);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}{}Z", int(date.year()), unsigned(date.month()),
                     unsigned(date.day()), clock.hours().count(), clock.minutes().count(), clock.seconds().count(),
                     Fraction(clock.subseconds().count()));
}

Result<std::int64_t> ParseTimestamp(std::string_view text) {
  namespace c = std::chrono;
  std::string_view rest = text;
  int year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0, ms = 0, zone_hour = 0, zone_minute = 0;
  bool fine = TakeNumber(rest, 4, year) && TakeLetter(rest, "-") && TakeNumber(rest, 2, month) &&
              TakeLetter(rest, "-") && TakeNumber(rest, 2, day) && TakeLetter(rest, "Tt ") &&
              TakeNumber(rest, 2, hour) && TakeLetter(rest, ":") && TakeNumber(rest, 2, minute) &&
              TakeLetter(rest, ":") && TakeNumber(rest, 2, second) && TakeFraction(rest, ms);
  if (fine && !TakeLetter(rest, "Zz")) {
    const bool west = rest.starts_with('-');
    fine = TakeLetter(rest, "+-") && TakeNumber(rest, 2, zone_hour) && TakeLetter(rest, ":") &&
           TakeNumber(rest, 2, zone_minute);
    if (west) zone_hour = -zone_hour, zone_minute = -zone_minute;
  }
  const c::year_month_day date{c::year(year), c::month(static_cast<unsigned>(month)),
                               c::day(static_cast<unsigned>(day))};
  if (!fine || !rest.empty() || !date.ok() || hour > 23 || minute > 59 || second > 59) {
    return InvalidArgument("expected a time such as 2026-04-15T08:49:18.699Z, got '{}'", text.substr(0, 64));
  }
  const auto time = c::sys_days(date) + c::hours(hour - zone_hour) + c::minutes(minute - zone_minute) +
                    c::seconds(second) + c::milliseconds(ms);
  return time.time_since_epoch() / c::milliseconds(1);
}

std::string FormatDuration(std::int64_t ms) {
  const std::int64_t size = ms < 0 ? -ms : ms;
  return fmt::format("{}{}{}s", ms < 0 ? "-" : "", size / 1000, Fraction(size % 1000));
}

Result<std::int64_t> ParseDuration(std::string_view text) {
  std::string_view rest = text;
  const bool negative = TakeLetter(rest, "-");
  std::int64_t seconds = 0;
  const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), seconds);
  int ms = 0;
  constexpr std::int64_t kSecondsMax = 315'576'000'000;  // of protobuf's Duration
  bool fine = error == std::errc() && seconds >= 0 && seconds <= kSecondsMax;
  if (fine) rest.remove_prefix(static_cast<std::size_t>(end - rest.data()));
  fine = fine && TakeFraction(rest, ms) && rest == "s";
  if (!fine) return InvalidArgument("expected a duration such as 1.5s, got '{}'", text.substr(0, 64));
  return (seconds * 1000 + ms) * (negative ? -1 : 1);
}

}  // namespace maru::api::mlflow
