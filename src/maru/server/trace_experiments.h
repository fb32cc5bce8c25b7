// Plugs tracking into traces: which experiments and runs there are.
#pragma once

#include "maru/traces/experiment_source.h"
#include "maru/tracking/experiment_service.h"
#include "maru/tracking/run_service.h"

namespace maru::server {

class TraceExperiments final : public traces::ExperimentSource {
 public:
  // Both must outlive it.
  TraceExperiments(tracking::ExperimentService& experiments, tracking::RunService& runs)
      : experiments_(experiments), runs_(runs) {}

  Result<traces::Experiment> FindExperiment(const Caller& caller, std::string_view experiment_id) override {
    MARU_ASSIGN_OR_RETURN(const std::int64_t id, tracking::ParseExperimentId(experiment_id));
    MARU_ASSIGN_OR_RETURN(const tracking::Experiment experiment, experiments_.Get(caller, id));
    return traces::Experiment{.artifact_location = experiment.artifact_location, .active = !experiment.deleted};
  }

  Status CheckRun(const Caller& caller, std::string_view run_id) override { return runs_.Get(caller, run_id).status(); }

 private:
  tracking::ExperimentService& experiments_;
  tracking::RunService& runs_;
};

}  // namespace maru::server
