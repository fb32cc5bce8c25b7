// Where an import writes to; server/ plugs tracking and the registry in here.
//
// Every Put stores the whole of its noun in one transaction, keeps its original id, and leaves what is already there
// alone: that is what makes a second import harmless.
#pragma once

#include <cstdint>

#include "maru/base/status.h"
#include "maru/importer/mlflow_data.h"

namespace maru::importer {

class ImportTarget {
 public:
  virtual ~ImportTarget() = default;
  struct Placed {
    std::int64_t id = 0;  // differs from the original when that was taken by another experiment
    bool is_new = false;
  };
  // An experiment of the same name counts as the same experiment.
  virtual Result<Placed> PutExperiment(const Experiment& experiment) = 0;
  // Each returns whether it was new.
  virtual Result<bool> PutRun(const std::string& workspace, const Run& run) = 0;
  virtual Result<bool> PutLoggedModel(const std::string& workspace, const LoggedModel& model) = 0;
  // The model, its versions and aliases; returns how many versions were new.
  virtual Result<int> PutRegisteredModel(const RegisteredModel& model) = 0;
};

}  // namespace maru::importer
