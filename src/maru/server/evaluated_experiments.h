// Answers evaluation's questions about experiments out of tracking.
#pragma once

#include <absl/strings/numbers.h>

#include "maru/evaluation/experiments.h"
#include "maru/tracking/experiment_service.h"

namespace maru::server {

class EvaluatedExperiments final : public evaluation::Experiments {
 public:
  explicit EvaluatedExperiments(tracking::ExperimentService& experiments) : experiments_(experiments) {}

  Status CheckActive(const Caller& caller, std::string_view experiment_id) override {
    std::int64_t id = 0;
    if (!absl::SimpleAtoi(absl::string_view(experiment_id.data(), experiment_id.size()), &id)) {
      return InvalidArgument("Invalid experiment ID: '{}'", experiment_id);
    }
    MARU_ASSIGN_OR_RETURN(const tracking::Experiment experiment, experiments_.Get(caller, id));
    if (!experiment.deleted) return OkStatus();
    return InvalidArgument("The experiment {} must be in the 'active' state. Current state is deleted.", experiment_id);
  }

 private:
  tracking::ExperimentService& experiments_;
};

}  // namespace maru::server
