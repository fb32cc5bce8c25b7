// Reading and finding the registry's rows; used by the parts of ModelService.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "maru/registry/model.h"
#include "maru/sql/database.h"

namespace maru::registry {

// The columns that VersionFromRow reads, of model_versions v joined with registered_models m.
#define MARU_VERSION_COLUMNS                                                                           \
  "v.id, m.name, v.version, v.created_ms, v.updated_ms, v.description, v.user_id, v.stage, v.source, " \
  "v.storage_location,"                                                                                \
  " v.run_id, v.run_link, v.logged_model_id, v.model_id"

// The columns that ModelFromRow reads, of registered_models m.
#define MARU_MODEL_COLUMNS "m.id, m.name, m.created_ms, m.updated_ms, m.description, m.deployment_job_id"

// A noun with its row's id, before its tags and the like are read.
struct VersionRow {
  std::int64_t id = 0;
  std::int64_t model_id = 0;
  ModelVersion version;
};
struct ModelRow {
  std::int64_t id = 0;
  RegisteredModel model;
};
VersionRow VersionFromRow(const sql::Row& row);
ModelRow ModelFromRow(const sql::Row& row);

// Reads the rest of many with few queries.
Status AddTagsAndAliases(sql::Reader& reader, std::vector<VersionRow>& versions);
Status AddTagsAliasesAndLatest(sql::Reader& reader, std::vector<ModelRow>& models);

std::vector<ModelVersion> VersionsOf(std::vector<VersionRow> rows);

// A model's identity and what decides its events. The errors are those that MLflow's clients know.
struct ModelKey {
  std::int64_t id = 0;
  bool prompt = false;
};
Result<ModelKey> FindModel(sql::Reader& reader, std::string_view workspace, std::string_view name);

struct VersionKey {
  std::int64_t id = 0;
  std::int64_t model_id = 0;
  bool prompt = false;
  std::string stage;
};
Result<VersionKey> FindVersion(sql::Reader& reader, std::string_view workspace, std::string_view name,
                               std::int64_t version);

// Whole nouns.
Result<RegisteredModel> ReadModel(sql::Reader& reader, std::string_view workspace, std::string_view name);
Result<ModelVersion> ReadVersion(sql::Reader& reader, std::string_view workspace, std::string_view name,
                                 std::int64_t version);

// Marks the model as changed at `now_ms`.
Status TouchModel(sql::Writer& writer, std::int64_t model_id, std::int64_t now_ms);

}  // namespace maru::registry
