#include "maru/evaluation/schema.h"

namespace maru::evaluation {
namespace {

constexpr sql::Migration kMigrations[] = {
    {1, R"sql(
CREATE TABLE scorers (
  id $SERIAL,
  workspace TEXT NOT NULL,
  experiment_id TEXT NOT NULL,
  name TEXT NOT NULL,
  scorer_id TEXT NOT NULL,
  last_version BIGINT NOT NULL DEFAULT 0,
  UNIQUE (workspace, experiment_id, name)
);
CREATE TABLE scorer_versions (
  scorer BIGINT NOT NULL REFERENCES scorers (id) ON DELETE CASCADE,
  version BIGINT NOT NULL,
  definition TEXT NOT NULL,
  created_ms BIGINT NOT NULL,
  PRIMARY KEY (scorer, version)
);
CREATE TABLE evaluation_datasets (
  id TEXT PRIMARY KEY,
  workspace TEXT NOT NULL,
  name TEXT NOT NULL,
  record_schema TEXT,
  record_count BIGINT NOT NULL DEFAULT 0,
  digest TEXT NOT NULL,
  created_ms BIGINT NOT NULL,
  updated_ms BIGINT NOT NULL,
  created_by TEXT,
  updated_by TEXT
);
CREATE INDEX evaluation_datasets_by_time ON evaluation_datasets (workspace, created_ms);
CREATE TABLE evaluation_dataset_tags (
  dataset_id TEXT NOT NULL REFERENCES evaluation_datasets (id) ON DELETE CASCADE,
  key TEXT NOT NULL,
  value TEXT NOT NULL,
  PRIMARY KEY (dataset_id, key)
);
CREATE TABLE evaluation_dataset_experiments (
  dataset_id TEXT NOT NULL REFERENCES evaluation_datasets (id) ON DELETE CASCADE,
  experiment_id TEXT NOT NULL,
  PRIMARY KEY (dataset_id, experiment_id)
);
CREATE INDEX evaluation_dataset_experiments_by_experiment
  ON evaluation_dataset_experiments (experiment_id, dataset_id);
CREATE TABLE evaluation_dataset_records (
  place $SERIAL,
  id TEXT NOT NULL UNIQUE,
  dataset_id TEXT NOT NULL REFERENCES evaluation_datasets (id) ON DELETE CASCADE,
  input_hash TEXT NOT NULL,
  inputs TEXT NOT NULL,
  outputs TEXT,
  expectations TEXT,
  tags TEXT,
  source TEXT,
  source_type TEXT,
  source_id TEXT,
  created_ms BIGINT NOT NULL,
  updated_ms BIGINT NOT NULL,
  created_by TEXT,
  updated_by TEXT,
  UNIQUE (dataset_id, input_hash)
);
CREATE INDEX evaluation_dataset_records_by_place ON evaluation_dataset_records (dataset_id, place)
)sql"},
};

}  // namespace

std::span<const sql::Migration> Migrations() {
  return kMigrations;
}

}  // namespace maru::evaluation
