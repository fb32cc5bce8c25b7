#include "maru/tracking/schema.h"

namespace maru::tracking {
namespace {

// Why the rows look as they do:
//  - runs.id is the join key everywhere: 8 bytes instead of 32 hex digits, and newer runs lie together.
//  - `experiment` is repeated in tags, params and metrics, so that one index finds "runs of this experiment with that
//    key and value" without touching other experiments. A run never moves.
//  - `hash` is HashOf(value): an index on it stays small whatever the value's length.
//  - metric_log is what clients wait for: one row per request. The compactor moves it into the other two tables.
constexpr sql::Migration kMigrations[] = {{1, R"(
  CREATE TABLE tracking_ids (
    noun TEXT PRIMARY KEY,
    last BIGINT NOT NULL
  );
  CREATE TABLE experiments (
    id BIGINT PRIMARY KEY,
    workspace TEXT NOT NULL,
    name TEXT NOT NULL,
    artifact_location TEXT NOT NULL,
    deleted BIGINT NOT NULL,
    creation_time BIGINT NOT NULL,
    last_update_time BIGINT NOT NULL,
    UNIQUE (workspace, name)
  );
  CREATE TABLE experiment_tags (
    experiment BIGINT NOT NULL,
    key TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (experiment, key)
  ) $CLUSTERED;
  CREATE TABLE tracking_names (
    id $SERIAL,
    name TEXT NOT NULL UNIQUE
  );
  CREATE TABLE runs (
    id $SERIAL,
    run_id TEXT NOT NULL UNIQUE,
    experiment BIGINT NOT NULL,
    name TEXT NOT NULL,
    user_id TEXT NOT NULL,
    status BIGINT NOT NULL,
    start_time BIGINT NOT NULL,
    end_time BIGINT,
    artifact_uri TEXT NOT NULL,
    deleted BIGINT NOT NULL,
    deleted_time BIGINT
  );
  CREATE INDEX runs_newest ON runs (experiment, deleted, start_time DESC, run_id);
  CREATE TABLE run_tags (
    run BIGINT NOT NULL,
    key BIGINT NOT NULL,
    experiment BIGINT NOT NULL,
    hash BIGINT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (run, key)
  ) $CLUSTERED;
  CREATE INDEX run_tags_by_value ON run_tags (experiment, key, hash, run);
  CREATE TABLE run_params (
    run BIGINT NOT NULL,
    key BIGINT NOT NULL,
    experiment BIGINT NOT NULL,
    hash BIGINT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (run, key)
  ) $CLUSTERED;
  CREATE INDEX run_params_by_value ON run_params (experiment, key, hash, run);
  CREATE TABLE metric_log (
    id $SERIAL,
    run BIGINT NOT NULL,
    points BLOB NOT NULL
  );
  CREATE INDEX metric_log_by_run ON metric_log (run);
  CREATE TABLE latest_metrics (
    run BIGINT NOT NULL,
    key BIGINT NOT NULL,
    experiment BIGINT NOT NULL,
    is_nan BIGINT NOT NULL,
    value DOUBLE PRECISION NOT NULL,
    step BIGINT NOT NULL,
    time_ms BIGINT NOT NULL,
    points BIGINT NOT NULL,
    PRIMARY KEY (run, key)
  ) $CLUSTERED;
  CREATE INDEX latest_metrics_by_value ON latest_metrics (experiment, key, is_nan, value, run);
  CREATE TABLE metric_chunks (
    run BIGINT NOT NULL,
    key BIGINT NOT NULL,
    seq BIGINT NOT NULL,
    count BIGINT NOT NULL,
    min_step BIGINT NOT NULL,
    max_step BIGINT NOT NULL,
    min_time BIGINT NOT NULL,
    max_time BIGINT NOT NULL,
    summary BLOB NOT NULL,
    points BLOB NOT NULL,
    PRIMARY KEY (run, key, seq)
  );
  CREATE TABLE datasets (
    id $SERIAL,
    experiment BIGINT NOT NULL,
    name TEXT NOT NULL,
    digest TEXT NOT NULL,
    source_type TEXT NOT NULL,
    source TEXT NOT NULL,
    schema TEXT,
    profile TEXT,
    UNIQUE (experiment, name, digest)
  );
  CREATE TABLE run_datasets (
    run BIGINT NOT NULL,
    dataset BIGINT NOT NULL,
    context TEXT,
    tags TEXT NOT NULL,
    PRIMARY KEY (run, dataset)
  );
  CREATE INDEX run_datasets_by_dataset ON run_datasets (dataset, run);
  CREATE TABLE run_models (
    run BIGINT NOT NULL,
    output BIGINT NOT NULL,
    model_id TEXT NOT NULL,
    step BIGINT NOT NULL,
    PRIMARY KEY (run, output, model_id, step)
  ) $CLUSTERED;
  CREATE TABLE logged_models (
    id $SERIAL,
    model_id TEXT NOT NULL UNIQUE,
    experiment BIGINT NOT NULL,
    name TEXT NOT NULL,
    artifact_uri TEXT NOT NULL,
    creation_time BIGINT NOT NULL,
    last_update_time BIGINT NOT NULL,
    model_type TEXT NOT NULL,
    source_run_id TEXT NOT NULL,
    status BIGINT NOT NULL,
    deleted BIGINT NOT NULL
  );
  CREATE INDEX logged_models_newest ON logged_models (experiment, deleted, creation_time DESC, model_id);
  CREATE TABLE logged_model_params (
    model BIGINT NOT NULL,
    key TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (model, key)
  ) $CLUSTERED;
  CREATE TABLE logged_model_tags (
    model BIGINT NOT NULL,
    key TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (model, key)
  ) $CLUSTERED;
  CREATE TABLE logged_model_metrics (
    id $SERIAL,
    model BIGINT NOT NULL,
    key TEXT NOT NULL,
    time_ms BIGINT NOT NULL,
    step BIGINT NOT NULL,
    run_id TEXT NOT NULL,
    is_nan BIGINT NOT NULL,
    value DOUBLE PRECISION NOT NULL,
    dataset_name TEXT NOT NULL,
    dataset_digest TEXT NOT NULL,
    UNIQUE (model, key, time_ms, step, run_id)
  );
)"}};

}  // namespace

std::span<const sql::Migration> Migrations() {
  return kMigrations;
}

}  // namespace maru::tracking
