// Scorers: named, versioned definitions of how answers are judged, per experiment.
//
// A definition is the client's own serialization. The server keeps it and never runs it, so it may hold code.
//
// Threads: thread-safe; calls block on the database. Errors: kInvalidArgument, kNotFound.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "maru/base/caller.h"
#include "maru/base/clock.h"
#include "maru/base/status.h"
#include "maru/evaluation/experiments.h"
#include "maru/events/event_log.h"
#include "maru/sql/database.h"

namespace maru::evaluation {

struct ScorerVersion {
  std::string experiment_id;
  std::string name;
  std::string scorer_id;  // the same for all versions
  std::int64_t version = 0;
  std::string definition;
  std::int64_t created_ms = 0;
};

class ScorerService {
 public:
  // All must outlive the service. Creates the module's tables.
  static Result<std::unique_ptr<ScorerService>> Open(sql::Database& database, events::EventLog& events,
                                                     Experiments& experiments, const Clock* clock);

  // Adds the next version of the scorer of that name, the first when there is none.
  Result<ScorerVersion> Register(const Caller& caller, std::string_view experiment_id, std::string_view name,
                                 std::string_view definition);
  // The newest version of each scorer, by experiment and name; of all experiments when none is named.
  Result<std::vector<ScorerVersion>> List(const Caller& caller, const std::vector<std::string>& experiment_ids);
  Result<std::vector<ScorerVersion>> Versions(const Caller& caller, std::string_view experiment_id,
                                              std::string_view name);
  // The newest when no version is named.
  Result<ScorerVersion> Get(const Caller& caller, std::string_view experiment_id, std::string_view name,
                            std::optional<std::int64_t> version);
  // One version, or the whole scorer.
  Status Delete(const Caller& caller, std::string_view experiment_id, std::string_view name,
                std::optional<std::int64_t> version);

 private:
  ScorerService(sql::Database& database, events::EventLog& events, Experiments& experiments, const Clock* clock)
      : database_(database), events_(events), experiments_(experiments), clock_(clock) {}

  sql::Database& database_;
  events::EventLog& events_;
  Experiments& experiments_;
  const Clock* const clock_;
};

}  // namespace maru::evaluation
