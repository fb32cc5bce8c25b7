// The log: one line per happening, for people (text) or programs (JSON), with fields instead of sentences.
//
//   log::Warn("webhook was refused", {{"webhook", id}, {"status", 502}});
//
// Lines go to standard error through a bounded queue and a thread of their own, so that logging never waits for a disk
// or a pipe; when the queue is full the oldest lines are dropped. Secrets are never logged: no passwords, tokens,
// cookies, query strings or bodies. Thread-safe.
#pragma once

#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <variant>

#include "maru/base/status.h"

namespace maru::log {

enum class Level { kDebug, kInfo, kWarn, kError };

// Views live until the call returns.
struct Field {
  Field(std::string_view n, std::string_view v) : name(n), value(v) {}
  Field(std::string_view n, const char* v) : name(n), value(std::string_view(v)) {}
  Field(std::string_view n, const std::string& v) : name(n), value(std::string_view(v)) {}
  Field(std::string_view n, bool v) : name(n), value(v) {}
  Field(std::string_view n, double v) : name(n), value(v) {}
  template <std::integral T>
  Field(std::string_view n, T v) : name(n), value(static_cast<std::int64_t>(v)) {}

  std::string_view name;
  std::variant<std::string_view, std::int64_t, double, bool> value;
};
using Fields = std::initializer_list<Field>;

// `level`: debug, info, warn or error. Before the first call: text, from info on.
Status Configure(bool json, std::string_view level);
bool Enabled(Level level);
void Write(Level level, std::string_view message, Fields fields = {});
void Flush();  // before the process ends

inline void Debug(std::string_view message, Fields fields = {}) {
  Write(Level::kDebug, message, fields);
}
inline void Info(std::string_view message, Fields fields = {}) {
  Write(Level::kInfo, message, fields);
}
inline void Warn(std::string_view message, Fields fields = {}) {
  Write(Level::kWarn, message, fields);
}
inline void Error(std::string_view message, Fields fields = {}) {
  Write(Level::kError, message, fields);
}

// The line that Write would put out, without its end.
std::string Format(bool json, std::int64_t time_ms, Level level, std::string_view message, Fields fields);

}  // namespace maru::log
