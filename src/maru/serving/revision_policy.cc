#include "maru/serving/revision_policy.h"

#include <algorithm>
#include <string_view>

namespace maru::serving {
namespace {

struct StateName {
  RevisionState state;
  const char* name;
};
constexpr StateName kStates[] = {{RevisionState::kLoading, "loading"},
                                 {RevisionState::kReady, "ready"},
                                 {RevisionState::kFailed, "failed"},
                                 {RevisionState::kRetired, "retired"}};

bool NeedsLoad(const RevisionView& revision) {
  return !revision.loaded && !revision.being_loaded;
}

}  // namespace

const char* RevisionStateName(RevisionState state) {
  return kStates[static_cast<std::size_t>(state)].name;
}

std::optional<RevisionState> RevisionStateFromName(std::string_view name) {
  for (const StateName& entry : kStates) {
    if (name == entry.name) return entry.state;
  }
  return std::nullopt;
}

Decision Decide(const std::optional<Aspired>& aspired, std::span<const RevisionView> revisions, std::int64_t now_ms) {
  // After a restart, what was serving comes back first: callers wait for it.
  for (const RevisionView& revision : revisions) {
    if (revision.state == RevisionState::kReady && NeedsLoad(revision)) return {.load = revision.number};
  }
  const RevisionView* const newest = revisions.empty() ? nullptr : &revisions.back();
  const bool is_aspired = aspired && newest != nullptr && newest->version == aspired->version &&
                          newest->settings_generation == aspired->settings_generation;
  if (aspired && !is_aspired) return {.add = true};
  if (newest == nullptr) return {};
  if (newest->state == RevisionState::kLoading && NeedsLoad(*newest)) return {.load = newest->number};
  if (newest->state == RevisionState::kFailed && newest->retry_at_ms && NeedsLoad(*newest)) {
    if (now_ms >= *newest->retry_at_ms) return {.load = newest->number};
    return {.look_again_at_ms = newest->retry_at_ms};
  }
  return {};
}

std::int64_t RetryDelayMs(int attempts) {
  return std::min<std::int64_t>(300'000, std::int64_t{1000} << std::clamp(attempts - 1, 0, 20));
}

}  // namespace maru::serving
