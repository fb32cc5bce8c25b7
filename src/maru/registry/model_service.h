// Registered models and their versions: everything that can be asked of the registry.
//
// A model's versions are numbered 1, 2, 3 … and a number is never given twice, not even after its version is deleted.
// An alias ("champion") is a movable name for one version; deployments follow it, so moving it can be made conditional
// on where it was. Prompts are registered models whose tags say so; they share one namespace of names with the models.
//
// Everything happens within the caller's workspace. Every change appends its event in the same transaction and is
// durable when the call returns.
//
// Threads: ModelService is thread-safe; calls block on the database.
// Errors: kInvalidArgument for names, tags, sources and filters that cannot be; kNotFound; kAlreadyExists for a taken
// name; kAborted when an alias was not where the caller thought.
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
#include "maru/events/event_log.h"
#include "maru/registry/model.h"
#include "maru/registry/model_origins.h"
#include "maru/registry/version_source.h"
#include "maru/sql/database.h"

namespace maru::registry {

struct NewModel {
  std::string name;
  Tags tags;
  std::string description;
  std::string deployment_job_id;
};

struct NewVersion {
  std::string name;
  std::string source;
  // Nothing when not said: then a version copied from another one takes these over from it.
  std::optional<std::string> run_id;
  std::optional<std::string> logged_model_id;
  std::string run_link;
  Tags tags;
  std::string description;
};

struct Search {
  std::string filter;                 // MLflow's filter language, e.g. "name LIKE 'churn%' AND tags.team = 'growth'"
  std::vector<std::string> order_by;  // e.g. "last_updated_timestamp DESC"
  std::int64_t max_results = 100;
  std::string page_token;  // from the page before; empty for the first
};

template <typename T>
struct Page {
  std::vector<T> items;
  std::string next_page_token;  // empty at the end
};

class ModelService {
 public:
  static constexpr std::int64_t kModelsPerPageMax = 1'000;
  static constexpr std::int64_t kVersionsPerPageMax = 200'000;

  // All must outlive the service. Creates its tables.
  static Result<std::unique_ptr<ModelService>> Open(sql::Database& database, events::EventLog& events,
                                                    ModelOrigins& origins, const Clock* clock);

  // registered_models.cc
  Result<RegisteredModel> CreateModel(const Caller& caller, const NewModel& model);
  Result<RegisteredModel> GetModel(const Caller& caller, std::string_view name);
  // An empty description removes it; a deployment job that is not given stays.
  Result<RegisteredModel> UpdateModel(const Caller& caller, std::string_view name, std::string_view description,
                                      const std::optional<std::string>& deployment_job_id = {});
  Result<RegisteredModel> RenameModel(const Caller& caller, std::string_view name, std::string_view new_name);
  Status DeleteModel(const Caller& caller, std::string_view name);

  // model_versions.cc
  Result<ModelVersion> CreateVersion(const Caller& caller, NewVersion version);
  Result<ModelVersion> GetVersion(const Caller& caller, std::string_view name, std::int64_t version);
  Result<ModelVersion> UpdateVersion(const Caller& caller, std::string_view name, std::int64_t version,
                                     const std::optional<std::string>& description);
  Status DeleteVersion(const Caller& caller, std::string_view name, std::int64_t version);
  // Moves to a stage (any spelling of MLflow's four); with archive_others the versions that were in it are archived.
  Result<ModelVersion> TransitionStage(const Caller& caller, std::string_view name, std::int64_t version,
                                       std::string_view stage, bool archive_others);
  // The newest version of each of these stages that has one; of all stages when none is named.
  Result<std::vector<ModelVersion>> LatestVersions(const Caller& caller, std::string_view name,
                                                   const std::vector<std::string>& stages);
  // The version that a models:/ address means now; kInvalidArgument for the address of a logged model.
  Result<ModelVersion> Resolve(const Caller& caller, std::string_view address);

  // aliases.cc
  // With `expected`, only when the alias is on that version now (0: does not exist); else kAborted.
  Status SetAlias(const Caller& caller, std::string_view name, std::string_view alias, std::int64_t version,
                  std::optional<std::int64_t> expected = {});
  Status DeleteAlias(const Caller& caller, std::string_view name, std::string_view alias);  // OK when it was not there
  // "latest" is always an alias of the newest version.
  Result<ModelVersion> GetVersionByAlias(const Caller& caller, std::string_view name, std::string_view alias);

  // model_tags.cc. Deleting a tag that is not there is OK.
  Status SetModelTag(const Caller& caller, std::string_view name, std::string_view key, std::string_view value);
  Status DeleteModelTag(const Caller& caller, std::string_view name, std::string_view key);
  Status SetVersionTag(const Caller& caller, std::string_view name, std::int64_t version, std::string_view key,
                       std::string_view value);
  Status DeleteVersionTag(const Caller& caller, std::string_view name, std::int64_t version, std::string_view key);

  // search.cc. Prompts are found only by a filter that asks for them: tags.`mlflow.prompt.is_prompt` = 'true'.
  Result<Page<RegisteredModel>> SearchModels(const Caller& caller, const Search& search);
  Result<Page<ModelVersion>> SearchVersions(const Caller& caller, const Search& search);

  // models_in_workspace.cc: what a workspace's deletion asks. Within its transaction; events go to the log as usual.
  Result<std::int64_t> CountIn(sql::Reader& reader, std::string_view workspace);
  Status DeleteAllIn(sql::Writer& writer, const Caller& caller, std::string_view workspace);
  Status MoveAll(sql::Writer& writer, const Caller& caller, std::string_view from, std::string_view to);

 private:
  ModelService(sql::Database& database, events::EventLog& events, ModelOrigins& origins, const Clock* clock)
      : database_(database), events_(events), origins_(origins), clock_(clock) {}

  // Database::Write, then the announcement of the events that it appended.
  Status Write(absl::FunctionRef<Status(sql::Writer&)> write);

  // Follows a source that is another version's address; then checks that it may be used.
  Status SettleSource(const Caller& caller, NewVersion& version, std::string& storage_location);

  sql::Database& database_;
  events::EventLog& events_;
  ModelOrigins& origins_;
  const Clock* clock_;
};

}  // namespace maru::registry
