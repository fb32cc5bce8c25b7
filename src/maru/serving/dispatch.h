// Where a call runs: at once on the thread that brought it, or handed over to a pool. Pure.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>

namespace maru::serving {

struct DispatchPolicy {
  // A call shorter than this costs an I/O thread less than handing it over and back would cost the machine.
  std::int64_t inline_max_ns = 300'000;
  std::size_t inline_max_bytes = 64 * 1024;  // of a request's body, which has to be parsed too
};

// `typical_ns` is what calls of this revision take; 0 when none has been measured yet.
constexpr bool RunsInline(const DispatchPolicy& policy, bool in_process, std::int64_t typical_ns, std::size_t bytes) {
  return in_process && typical_ns > 0 && typical_ns <= policy.inline_max_ns && bytes <= policy.inline_max_bytes;
}

// What a call usually takes, near the low end of what is seen: a call that was held up because the machine is busy says
// nothing about the model. Falls quickly, rises slowly.
class TypicalTime {
 public:
  void Add(std::int64_t ns) {
    const std::int64_t old = value_.load(std::memory_order_relaxed);
    std::int64_t next = ns;
    if (old > 0) next = ns < old ? old - (old - ns) / 4 : old + std::min(ns - old, old) / 32;
    value_.store(std::max<std::int64_t>(next, 1), std::memory_order_relaxed);  // a lost update does not matter
  }
  std::int64_t ns() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::int64_t> value_{0};
};

}  // namespace maru::serving
