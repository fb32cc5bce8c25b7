// What traces need to know of experiments and runs; server/ plugs the tracking domain in.
//
// Threads: implementations are thread-safe. Errors: kNotFound when there is no such thing in the caller's workspace.
#pragma once

#include <string>
#include <string_view>

#include "maru/base/caller.h"
#include "maru/base/status.h"

namespace maru::traces {

struct Experiment {
  std::string artifact_location;  // root of its artifacts, as clients see it
  bool active = true;             // false: deleted, takes no new traces
};

class ExperimentSource {
 public:
  virtual ~ExperimentSource() = default;
  virtual Result<Experiment> FindExperiment(const Caller& caller, std::string_view experiment_id) = 0;
  virtual Status CheckRun(const Caller& caller, std::string_view run_id) = 0;
};

}  // namespace maru::traces
