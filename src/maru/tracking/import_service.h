// Puts experiments, runs and logged models that were made elsewhere into tracking, with the ids and times they have.
//
// Each call stores its noun whole, in one transaction, and leaves what is already there alone. No limits are checked:
// what another server accepted is kept. Only while no other process serves the database; readers of this process see
// imported rows like any others.
//
// Threads: thread-safe. Errors: those of sql::Database. Events: experiment.imported, run.imported,
// logged_model.imported.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "maru/base/caller.h"
#include "maru/events/event_log.h"
#include "maru/sql/database.h"
#include "maru/tracking/entities.h"
#include "maru/tracking/logged_model_service.h"
#include "maru/tracking/name_table.h"

namespace maru::tracking {

class ImportService {
 public:
  // Both must outlive the service. Needs ExperimentService::Open to have run.
  ImportService(sql::Database& database, events::EventLog& events) : database_(database), events_(events) {}

  struct Placed {
    std::int64_t id = 0;
    bool is_new = false;
  };
  // An experiment of that name is taken for the same one; an id that another experiment has is replaced by a new one.
  Result<Placed> PutExperiment(const Caller& caller, const Experiment& experiment);

  struct Series {
    std::string key;
    std::vector<MetricPoint> points;
  };
  // False when the run was there. `run.metrics` is not looked at.
  Result<bool> PutRun(const Caller& caller, const Run& run, const std::vector<Series>& metrics);
  Result<bool> PutLoggedModel(const Caller& caller, const LoggedModel& model, bool deleted);

 private:
  sql::Database& database_;
  events::EventLog& events_;
  NameTable names_;
};

}  // namespace maru::tracking
