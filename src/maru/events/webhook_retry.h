// Whether and when a delivery that failed is tried again. Pure.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

#include "maru/events/webhook.h"

namespace maru::events {

struct RetryPolicy {
  int attempts_max = 10;                       // over about five minutes: a receiver may be restarted meanwhile
  std::chrono::milliseconds first_wait{1000};  // doubles with each attempt
  std::chrono::milliseconds wait_max{60'000};
};

// How long to wait after `attempts` (at least 1) attempts, the last of which ended with `outcome`; nothing when it was
// the last one or the receiver said no for good. Answers 429 and 5xx are for now, other refusals for good. `random` is
// from 0 to 1: up to as much again is waited, so that receivers are not met by everybody at once.
std::optional<std::chrono::milliseconds> WaitBeforeRetry(const RetryPolicy& policy, int attempts,
                                                         const DeliveryOutcome& outcome, double random);

}  // namespace maru::events
