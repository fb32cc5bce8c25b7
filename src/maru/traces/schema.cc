#include "maru/traces/schema.h"

#include "maru/sql/migration.h"

namespace maru::traces {
namespace {

// Tags that every trace has (its name, where its spans are, where its artifacts would go), the session, token counts
// and costs are columns, so that the common filters and the charts read one table.
constexpr sql::Migration kMigrations[] = {
    {1, R"sql(
CREATE TABLE traces (
  id $SERIAL,
  workspace TEXT NOT NULL,
  trace_id TEXT NOT NULL,
  experiment_id TEXT NOT NULL,
  request_time_ms BIGINT NOT NULL,
  execution_ms BIGINT,
  state TEXT NOT NULL,
  name TEXT,
  client_request_id TEXT,
  request_preview TEXT,
  response_preview TEXT,
  session_id TEXT,
  input_tokens BIGINT,
  output_tokens BIGINT,
  total_tokens BIGINT,
  cache_read_input_tokens BIGINT,
  cache_creation_input_tokens BIGINT,
  cache_creation_input_tokens_above_1hr BIGINT,
  input_cost DOUBLE PRECISION,
  output_cost DOUBLE PRECISION,
  total_cost DOUBLE PRECISION,
  finalized BIGINT NOT NULL,
  spans_location TEXT,
  artifact_location TEXT,
  UNIQUE (workspace, trace_id)
);
CREATE INDEX traces_by_time ON traces (workspace, experiment_id, request_time_ms DESC, trace_id);
CREATE INDEX traces_by_session ON traces (session_id, workspace);
CREATE TABLE trace_tags (
  trace BIGINT NOT NULL,
  key TEXT NOT NULL,
  value TEXT NOT NULL,
  PRIMARY KEY (trace, key)
);
CREATE TABLE trace_metadata (
  trace BIGINT NOT NULL,
  key TEXT NOT NULL,
  value TEXT NOT NULL,
  PRIMARY KEY (trace, key)
);
CREATE TABLE trace_spans (
  trace BIGINT NOT NULL,
  span_id TEXT NOT NULL,
  parent_span_id TEXT,
  name TEXT NOT NULL,
  type TEXT,
  status TEXT NOT NULL,
  start_ns BIGINT NOT NULL,
  end_ns BIGINT,
  content TEXT NOT NULL,
  usage TEXT,
  cost TEXT,
  input_cost DOUBLE PRECISION,
  output_cost DOUBLE PRECISION,
  total_cost DOUBLE PRECISION,
  model_name TEXT,
  model_provider TEXT,
  PRIMARY KEY (trace, span_id)
);
CREATE TABLE trace_assessments (
  trace BIGINT NOT NULL,
  assessment_id TEXT NOT NULL,
  name TEXT NOT NULL,
  kind TEXT NOT NULL,
  value TEXT NOT NULL,
  error TEXT,
  source_type TEXT NOT NULL,
  source_id TEXT,
  created_ms BIGINT NOT NULL,
  updated_ms BIGINT NOT NULL,
  run_id TEXT,
  span_id TEXT,
  rationale TEXT,
  overrides TEXT,
  valid BIGINT NOT NULL,
  metadata TEXT,
  number DOUBLE PRECISION,
  is_number BIGINT NOT NULL,
  in_session BIGINT NOT NULL,
  PRIMARY KEY (trace, assessment_id)
);
CREATE INDEX trace_assessments_by_name ON trace_assessments (name, kind);
CREATE TABLE trace_runs (
  run_id TEXT NOT NULL,
  trace BIGINT NOT NULL,
  PRIMARY KEY (run_id, trace)
);
CREATE INDEX trace_runs_by_trace ON trace_runs (trace);
CREATE TABLE trace_prompts (
  prompt TEXT NOT NULL,
  trace BIGINT NOT NULL,
  PRIMARY KEY (prompt, trace)
);
CREATE INDEX trace_prompts_by_trace ON trace_prompts (trace);
)sql"},
};

}  // namespace

Status CreateSchema(sql::Database& database) {
  return sql::Migrate(database, "traces", kMigrations);
}

}  // namespace maru::traces
