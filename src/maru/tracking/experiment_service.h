// Experiments of a workspace: create, find, rename, tag, delete and restore.
//
// Ids are numbers that clients see as text; experiment 0 is "Default" of the workspace "default". Names are unique
// within a workspace, deleted experiments included. Deleting an experiment deletes its runs, restoring it restores
// them.
//
// Threads: thread-safe. Errors: kNotFound, kAlreadyExists, kInvalidArgument, kFailedPrecondition for a deleted one that
// should be renamed. Each change appends an event: experiment.created, .updated, .deleted, .restored, .tagged.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "maru/base/caller.h"
#include "maru/base/clock.h"
#include "maru/events/event_log.h"
#include "maru/sql/database.h"
#include "maru/tracking/entities.h"

namespace maru::tracking {

struct ExperimentQuery {
  ViewType view = ViewType::kActiveOnly;
  std::string filter;
  std::vector<std::string> order_by;
  std::int64_t max_results = 1000;
  std::string page_token;
};

// The experiment id that a client wrote: a number. Empty means the default experiment.
Result<std::int64_t> ParseExperimentId(std::string_view text);
Result<std::vector<std::int64_t>> ParseExperimentIds(const std::vector<std::string>& texts);

class ExperimentService {
 public:
  // `artifact_root` is where experiments without a location of their own keep artifacts, e.g. "mlflow-artifacts:".
  // All must outlive the service.
  ExperimentService(sql::Database& database, events::EventLog& events, const Clock* clock, std::string artifact_root);

  // Creates the tables that are missing and, in the workspace "default", experiment 0. Call once at start.
  Status Open();
  // The experiment called "Default" of a workspace, made when it is missing.
  Result<Experiment> EnsureDefault(const Caller& caller);

  Result<std::int64_t> Create(const Caller& caller, std::string_view name, std::string_view artifact_location,
                              std::vector<Tag> tags);
  Result<Experiment> Get(const Caller& caller, std::int64_t id);
  Result<Experiment> GetByName(const Caller& caller, std::string_view name);
  Status Rename(const Caller& caller, std::int64_t id, std::string_view name);
  Status Delete(const Caller& caller, std::int64_t id);
  Status Restore(const Caller& caller, std::int64_t id);
  Status SetTag(const Caller& caller, std::int64_t id, const Tag& tag);
  Status DeleteTag(const Caller& caller, std::int64_t id, std::string_view key);
  Result<Page<Experiment>> Search(const Caller& caller, const ExperimentQuery& query);

 private:
  Status SetDeleted(const Caller& caller, std::int64_t id, bool deleted);
  Result<Experiment> GetWhere(const Caller& caller, std::string_view sql, const sql::Args& args, const Status& missing);
  Result<std::int64_t> Insert(sql::Writer& writer, const Caller& caller, std::optional<std::int64_t> id,
                              std::string_view name, std::string_view artifact_location, const std::vector<Tag>& tags);

  sql::Database& database_;
  events::EventLog& events_;
  const Clock* const clock_;
  const std::string artifact_root_;
};

}  // namespace maru::tracking
