// Decides which revision an endpoint should have and what to do about it, from plain data. Pure: no clock, no threads.
//
// Available and aspired versions, and a policy that compares them, are TensorFlow Serving's idea ("TensorFlow-Serving:
// Flexible, High-Performance ML Serving", 2017). The policy here keeps availability: the old revision serves until the
// new one is ready, and stays when the new one fails.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace maru::serving {

// What the endpoint's address and settings ask for.
struct Aspired {
  std::string version;
  std::int64_t settings_generation = 0;  // counts changes of the settings
};

enum class RevisionState {
  kLoading,  // wanted, not ready yet
  kReady,    // serves, or will after a restart
  kFailed,   // could not be loaded
  kRetired,  // was replaced
};
const char* RevisionStateName(RevisionState state);  // "loading"
std::optional<RevisionState> RevisionStateFromName(std::string_view name);

struct RevisionView {
  std::int64_t number = 0;
  std::string version;
  std::int64_t settings_generation = 0;
  RevisionState state = RevisionState::kLoading;
  bool loaded = false;                      // in this process
  bool being_loaded = false;                // by a loader now
  std::optional<std::int64_t> retry_at_ms;  // of kFailed, when trying again may help
};

struct Decision {
  std::optional<std::int64_t> load;  // load this revision, which exists
  bool add = false;                  // make a revision for what is aspired, and load it
  std::optional<std::int64_t> look_again_at_ms;
};

// `revisions` are the endpoint's, oldest first, without retired ones. Nothing aspired (the alias or the model is gone)
// changes nothing: what serves goes on serving.
Decision Decide(const std::optional<Aspired>& aspired, std::span<const RevisionView> revisions, std::int64_t now_ms);

// When to try again after `attempts` failed loads of a revision: 1 s, 2 s, 4 s … at most 5 minutes.
std::int64_t RetryDelayMs(int attempts);

}  // namespace maru::serving
