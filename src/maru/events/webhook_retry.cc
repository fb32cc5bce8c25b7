#include "maru/events/webhook_retry.h"

#include <algorithm>

namespace maru::events {

std::optional<std::chrono::milliseconds> WaitBeforeRetry(const RetryPolicy& policy, int attempts,
                                                         const DeliveryOutcome& outcome, double random) {
  const bool for_now = outcome.http_status == 0 || outcome.http_status == 429 || outcome.http_status >= 500;
  if (!for_now || attempts >= policy.attempts_max) return std::nullopt;
  const auto doubled = policy.first_wait * (std::int64_t{1} << std::min(attempts - 1, 30));
  auto wait = std::min<std::chrono::milliseconds>(doubled, policy.wait_max);
  wait += std::chrono::milliseconds(static_cast<std::int64_t>(wait.count() * random));
  if (outcome.retry_after_s)
    wait = std::max<std::chrono::milliseconds>(wait, std::chrono::seconds(*outcome.retry_after_s));
  return wait;
}

}  // namespace maru::events
