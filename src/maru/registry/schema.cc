#include "maru/registry/schema.h"

namespace maru::registry {
namespace {

// Versions and tags hang on a model's id, so a rename touches one row. `last_version` outlives deleted versions, so
// that a number never comes back to mean something else.
constexpr sql::Migration kMigrations[] = {
    {1, R"sql(
CREATE TABLE registered_models (
  id $SERIAL,
  workspace TEXT NOT NULL,
  name TEXT NOT NULL,
  description TEXT,
  deployment_job_id TEXT NOT NULL DEFAULT '',
  created_ms BIGINT NOT NULL,
  updated_ms BIGINT NOT NULL,
  last_version BIGINT NOT NULL DEFAULT 0,
  UNIQUE (workspace, name)
);
CREATE TABLE registered_model_tags (
  model_id BIGINT NOT NULL REFERENCES registered_models (id) ON DELETE CASCADE,
  key TEXT NOT NULL,
  value TEXT NOT NULL,
  PRIMARY KEY (model_id, key)
);
CREATE INDEX registered_model_tags_by_key ON registered_model_tags (key, model_id);
CREATE TABLE model_versions (
  id $SERIAL,
  model_id BIGINT NOT NULL REFERENCES registered_models (id) ON DELETE CASCADE,
  version BIGINT NOT NULL,
  created_ms BIGINT NOT NULL,
  updated_ms BIGINT NOT NULL,
  description TEXT,
  user_id TEXT NOT NULL,
  stage TEXT NOT NULL,
  source TEXT NOT NULL,
  storage_location TEXT NOT NULL,
  run_id TEXT NOT NULL,
  run_link TEXT NOT NULL,
  logged_model_id TEXT NOT NULL,
  UNIQUE (model_id, version)
);
CREATE INDEX model_versions_by_stage ON model_versions (model_id, stage, version);
CREATE INDEX model_versions_by_run ON model_versions (run_id);
CREATE INDEX model_versions_by_update ON model_versions (updated_ms);
CREATE TABLE model_version_tags (
  version_id BIGINT NOT NULL REFERENCES model_versions (id) ON DELETE CASCADE,
  key TEXT NOT NULL,
  value TEXT NOT NULL,
  PRIMARY KEY (version_id, key)
);
CREATE INDEX model_version_tags_by_key ON model_version_tags (key, version_id);
CREATE TABLE model_aliases (
  model_id BIGINT NOT NULL REFERENCES registered_models (id) ON DELETE CASCADE,
  alias TEXT NOT NULL,
  version_id BIGINT NOT NULL REFERENCES model_versions (id) ON DELETE CASCADE,
  PRIMARY KEY (model_id, alias)
);
CREATE INDEX model_aliases_by_version ON model_aliases (version_id);
)sql"},
};

}  // namespace

std::span<const sql::Migration> Migrations() {
  return kMigrations;
}

}  // namespace maru::registry
