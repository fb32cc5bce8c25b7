#include "maru/serving/endpoint.h"

#include <algorithm>

namespace maru::serving {

Status CheckSettings(const EndpointSettings& settings) {
  if (settings.environment != "auto" && settings.environment != "isolated" && settings.environment != "current") {
    return InvalidArgument("settings.environment: expected auto, isolated or current, got \"{}\"",
                           settings.environment);
  }
  struct Range {
    const char* name;
    std::int64_t value, min, max;
  };
  for (const Range& range :
       {Range{"threads", settings.threads, 1, 256}, Range{"workers", settings.workers, 1, 64},
        Range{"queue_max", settings.queue_max, 1, 1'000'000}, Range{"timeout_ms", settings.timeout_ms, 1, 3'600'000}}) {
    if (range.value < range.min || range.value > range.max) {
      return InvalidArgument("settings.{}: expected {} to {}, got {}", range.name, range.min, range.max, range.value);
    }
  }
  return OkStatus();
}

Status CheckEndpointName(std::string_view name) {
  const auto is_plain = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
  };
  const bool good =
      !name.empty() && name.size() <= 128 && is_plain(name[0]) &&
      std::all_of(name.begin(), name.end(), [&](char c) { return is_plain(c) || c == '-' || c == '_' || c == '.'; });
  if (good) return OkStatus();
  return InvalidArgument(
      "\"{}\" cannot name an endpoint: use 1 to 128 letters, digits, '-', '_' and '.', the first a letter or digit",
      name.substr(0, 200));
}

}  // namespace maru::serving
