#include "maru/base/log.h"

#include <spdlog/async_logger.h>
#include <spdlog/details/thread_pool.h>
#include <spdlog/sinks/stdout_sinks.h>

#include <atomic>
#include <cmath>
#include <ctime>
#include <memory>

#include "maru/base/clock.h"

namespace maru::log {
namespace {

constexpr std::size_t kQueueLines = 8192;
constexpr std::string_view kNames[] = {"debug", "info", "warn", "error"};

std::atomic<bool> as_json = false;
std::atomic<Level> lowest = Level::kInfo;

// Lives as long as the process: other threads may log until the very end.
struct Output {
  std::shared_ptr<spdlog::details::thread_pool> threads =
      std::make_shared<spdlog::details::thread_pool>(kQueueLines, 1);
  std::shared_ptr<spdlog::async_logger> logger =
      std::make_shared<spdlog::async_logger>("maru", std::make_shared<spdlog::sinks::stderr_sink_mt>(), threads,
                                             spdlog::async_overflow_policy::overrun_oldest);
  Output() {
    logger->set_pattern("%v");
    logger->set_level(spdlog::level::trace);
    logger->flush_on(spdlog::level::trace);
  }
};

Output& TheOutput() {
  static Output* const output = new Output;
  return *output;
}

// JSON's escapes; also right for quoted text.
void AppendQuoted(std::string& out, std::string_view text) {
  out += '"';
  for (const char c : text) {
    switch (c) {
      case '"':
        out += "\\\"";
        break;
      case '\\':
        out += "\\\\";
        break;
      case '\n':
        out += "\\n";
        break;
      case '\r':
        out += "\\r";
        break;
      case '\t':
        out += "\\t";
        break;
      default:
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
          out += fmt::format("\\u{:04x}", static_cast<unsigned char>(c));
        } else {
          out += c;
        }
    }
  }
  out += '"';
}

// Plain words as they are; anything that could be mistaken for the line's own structure is quoted.
void AppendWord(std::string& out, std::string_view text) {
  for (const char c : text) {
    if (static_cast<unsigned char>(c) <= 0x20 || c == 0x7f || c == '"' || c == '=' || c == '\\') {
      AppendQuoted(out, text);
      return;
    }
  }
  out += text.empty() ? std::string_view("\"\"") : text;
}

std::string Timestamp(std::int64_t time_ms) {
  const std::time_t seconds = static_cast<std::time_t>(time_ms / 1000);
  std::tm parts;
  gmtime_r(&seconds, &parts);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", parts.tm_year + 1900, parts.tm_mon + 1,
                     parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec, time_ms % 1000);
}

}  // namespace

std::string Format(bool json, std::int64_t time_ms, Level level, std::string_view message, Fields fields) {
  std::string line;
  const std::string_view name = kNames[static_cast<std::size_t>(level)];
  if (json) {
    line = fmt::format(R"({{"time":"{}","level":"{}","message":)", Timestamp(time_ms), name);
    AppendQuoted(line, message);
  } else {
    line = fmt::format("{} {:<5} ", Timestamp(time_ms), name);
    for (const char c : message) line += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
  }
  for (const Field& field : fields) {
    if (json) {
      line += ',';
      AppendQuoted(line, field.name);
      line += ':';
    } else {
      line += ' ';
      line += field.name;
      line += '=';
    }
    if (const auto* text = std::get_if<std::string_view>(&field.value)) {
      json ? AppendQuoted(line, *text) : AppendWord(line, *text);
    } else if (const auto* integer = std::get_if<std::int64_t>(&field.value)) {
      line += std::to_string(*integer);
    } else if (const auto* real = std::get_if<double>(&field.value)) {
      line += std::isfinite(*real) ? fmt::format("{}", *real) : json ? "null" : fmt::format("{}", *real);
    } else {
      line += std::get<bool>(field.value) ? "true" : "false";
    }
  }
  if (json) line += '}';
  return line;
}

Status Configure(bool json, std::string_view level) {
  for (std::size_t i = 0; i < std::size(kNames); ++i) {
    if (level != kNames[i]) continue;
    as_json = json;
    lowest = static_cast<Level>(i);
    return OkStatus();
  }
  return InvalidArgument("log level \"{}\": expected debug, info, warn or error", level);
}

bool Enabled(Level level) {
  return level >= lowest.load(std::memory_order_relaxed);
}

void Write(Level level, std::string_view message, Fields fields) {
  if (!Enabled(level)) return;
  const std::string line = Format(as_json, Clock::System()->NowMs(), level, message, fields);
  TheOutput().logger->log(spdlog::level::info, spdlog::string_view_t(line.data(), line.size()));
}

void Flush() {
  Output& output = TheOutput();
  for (int i = 0; i < 200 && output.threads->queue_size() > 0; ++i) {
    const timespec nap{0, 1'000'000};
    nanosleep(&nap, nullptr);
  }
  output.logger->sinks()[0]->flush();
}

}  // namespace maru::log
