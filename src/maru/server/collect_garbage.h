// Removes deleted runs, logged models and experiments that nothing needs, artifacts included.
#pragma once

#include <cstdint>

#include "maru/base/status.h"
#include "maru/config/config.h"
#include "maru/tracking/garbage.h"

namespace maru::server {

struct Collected {
  tracking::Garbage garbage;
  std::int64_t artifacts = 0;  // files that went with it, or would
};

// Works on the data of a server that is not running. With `dry_run` nothing is changed.
Result<Collected> CollectGarbage(const config::Config& config, std::int64_t deleted_before_ms, bool dry_run);

}  // namespace maru::server
