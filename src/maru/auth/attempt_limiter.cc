#include "maru/auth/attempt_limiter.h"

#include <algorithm>

namespace maru::auth {
namespace {

constexpr std::size_t kRecordsMax = 30'000;
constexpr std::int64_t kForgetMs = 15 * 60 * 1000;
constexpr std::int64_t kFirstPauseMs = 500;

std::string Both(std::string_view user, std::string_view peer) {
  return "b" + std::string(user) + "\n" + std::string(peer);
}
std::string Peer(std::string_view peer) {
  return "p" + std::string(peer);
}
std::string User(std::string_view user) {
  return "u" + std::string(user);
}

}  // namespace

std::int64_t AttemptLimiter::PauseMs(std::string_view user, std::string_view peer, std::int64_t now_ms) {
  std::lock_guard lock(mutex_);
  std::int64_t until_ms = now_ms;
  for (const std::string& key : {Both(user, peer), Peer(peer), User(user)}) {
    if (const auto found = records_.find(key); found != records_.end()) {
      until_ms = std::max(until_ms, found->second.until_ms);
    }
  }
  return until_ms - now_ms;
}

void AttemptLimiter::Failed(std::string_view user, std::string_view peer, std::int64_t now_ms) {
  std::lock_guard lock(mutex_);
  MakeRoom(now_ms);
  Count(Both(user, peer), 4, 5 * 60 * 1000, now_ms);
  Count(Peer(peer), 20, 60 * 1000, now_ms);
  Count(User(user), 100, 5 * 1000, now_ms);
}

void AttemptLimiter::Succeeded(std::string_view user, std::string_view peer) {
  std::lock_guard lock(mutex_);
  records_.erase(Both(user, peer));
}

std::size_t AttemptLimiter::size() {
  std::lock_guard lock(mutex_);
  return records_.size();
}

void AttemptLimiter::Count(std::string key, int free_failures, std::int64_t pause_max_ms, std::int64_t now_ms) {
  Record& record = records_[std::move(key)];
  if (now_ms - record.last_ms > kForgetMs) record.failures = 0;
  record.last_ms = now_ms;
  const int over = ++record.failures - free_failures;
  if (over <= 0) return;
  record.until_ms = now_ms + std::min(pause_max_ms, kFirstPauseMs << std::min(over - 1, 20));
}

void AttemptLimiter::MakeRoom(std::int64_t now_ms) {
  if (records_.size() + 3 <= kRecordsMax) return;
  std::erase_if(records_, [&](const auto& entry) { return now_ms - entry.second.last_ms > kForgetMs; });
  if (records_.size() + 3 <= kRecordsMax) return;
  // All are recent: an attack from everywhere. Those that are not pausing anybody go first, then whatever comes.
  std::erase_if(records_, [&](const auto& entry) { return entry.second.until_ms <= now_ms; });
  while (records_.size() + 3 > kRecordsMax) records_.erase(records_.begin());
}

}  // namespace maru::auth
