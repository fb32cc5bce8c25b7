// Time as the code sees it. Injected, so that tests can move it. Threads: all implementations are thread-safe.
#pragma once

#include <cstdint>

namespace maru {

class Clock {
 public:
  virtual ~Clock() = default;
  // Milliseconds since the Unix epoch, UTC. May step when the machine's clock is set.
  virtual std::int64_t NowMs() const = 0;
  // Nanoseconds of a clock that never steps; only differences mean something.
  virtual std::int64_t MonotonicNs() const = 0;

  // The machine's clocks. Never null, lives as long as the process.
  static const Clock* System();
};

}  // namespace maru
