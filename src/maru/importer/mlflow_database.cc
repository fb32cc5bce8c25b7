// Reads MLflow's tables (mlflow/store/tracking/dbmodels/models.py and mlflow/store/model_registry/dbmodels/models.py).
#include <cmath>
#include <filesystem>
#include <limits>
#include <map>

#include "maru/importer/local_artifacts.h"
#include "maru/importer/mlflow_source.h"
#include "maru/sql/postgres_connection.h"
#include "maru/sql/sqlite_connection.h"

namespace maru::importer {
namespace {

Status ReadPairs(sql::Reader& reader, std::string_view sql, const sql::Args& args, Pairs& out) {
  return reader.Query(sql, args, [&](const sql::Row& row) {
    out.emplace_back(row.String(0), row.String(1));
    return OkStatus();
  });
}

class MlflowDatabase : public MlflowSource {
 public:
  MlflowDatabase(std::unique_ptr<sql::Connection> connection, LocalArtifacts artifacts)
      : connection_(std::move(connection)), artifacts_(std::move(artifacts)) {}

  // Newer versions of MLflow have more tables and columns.
  Status Begin() {
    if (!Has("SELECT run_uuid FROM runs WHERE 1 = 0") || !Has("SELECT experiment_id FROM experiments WHERE 1 = 0")) {
      return FailedPrecondition("this database has no MLflow tables");
    }
    has_workspaces_ = Has("SELECT workspace FROM experiments WHERE 1 = 0");
    has_datasets_ = Has("SELECT input_uuid FROM inputs WHERE 1 = 0");
    has_input_steps_ = Has("SELECT step FROM inputs WHERE 1 = 0");
    has_logged_models_ = Has("SELECT model_id FROM logged_models WHERE 1 = 0");
    has_aliases_ = Has("SELECT alias FROM registered_model_aliases WHERE 1 = 0");
    has_storage_location_ = Has("SELECT storage_location FROM model_versions WHERE 1 = 0");
    return connection_->BeginRead();  // one snapshot for the whole import
  }

  Result<std::vector<Experiment>> Experiments() override {
    const std::string sql = fmt::format(
        "SELECT experiment_id, name, artifact_location, lifecycle_stage, COALESCE(creation_time, 0), "
        "COALESCE(last_update_time, 0), {} FROM experiments ORDER BY experiment_id",
        Workspace());
    MARU_ASSIGN_OR_RETURN(std::vector<Experiment> all, connection_->QueryAll(sql, {}, [](const sql::Row& row) {
      return Experiment{.workspace = row.String(6),
                        .id = row.Int(0),
                        .name = row.String(1),
                        .artifact_location = row.String(2),
                        .deleted = row.Text(3) == "deleted",
                        .creation_time_ms = row.Int(4),
                        .last_update_time_ms = row.Int(5)};
    }));
    for (Experiment& e : all) {
      MARU_RETURN_IF_ERROR(ReadPairs(
          *connection_, "SELECT key, value FROM experiment_tags WHERE experiment_id = ? ORDER BY key", {e.id}, e.tags));
    }
    return all;
  }

  Result<std::vector<std::string>> RunIds(const Experiment& experiment) override {
    return connection_->QueryAll("SELECT run_uuid FROM runs WHERE experiment_id = ? ORDER BY start_time, run_uuid",
                                 {experiment.id}, [](const sql::Row& row) { return row.String(0); });
  }

  Result<Run> ReadRun(const Experiment& experiment, const std::string& run_id) override {
    MARU_ASSIGN_OR_RETURN(
        std::optional<Run> run,
        connection_->QueryOne("SELECT run_uuid, name, user_id, status, start_time, end_time, artifact_uri, "
                              "lifecycle_stage FROM runs WHERE run_uuid = ?",
                              {run_id}, [&](const sql::Row& row) {
                                return Run{.run_id = row.String(0),
                                           .experiment_id = experiment.id,
                                           .name = row.String(1),
                                           .user_id = row.String(2),
                                           .status = row.String(3),
                                           .start_time_ms = row.Int(4),
                                           .end_time_ms = row.OptionalInt(5),
                                           .artifact_uri = row.String(6),
                                           .deleted = row.Text(7) == "deleted"};
                              }));
    if (!run) return NotFound("run {} has gone", run_id);
    MARU_RETURN_IF_ERROR(ReadPairs(*connection_, "SELECT key, value FROM params WHERE run_uuid = ? ORDER BY key",
                                   {run_id}, run->params));
    MARU_RETURN_IF_ERROR(
        ReadPairs(*connection_, "SELECT key, value FROM tags WHERE run_uuid = ? ORDER BY key", {run_id}, run->tags));
    MARU_RETURN_IF_ERROR(ReadMetrics(*run));
    if (has_datasets_) MARU_RETURN_IF_ERROR(ReadInputs(*run));
    return *std::move(run);
  }

  Result<std::vector<LoggedModel>> LoggedModels(const Experiment& experiment) override {
    if (!has_logged_models_) return std::vector<LoggedModel>{};
    MARU_ASSIGN_OR_RETURN(
        std::vector<LoggedModel> all,
        connection_->QueryAll("SELECT model_id, name, artifact_location, creation_timestamp_ms, "
                              "last_updated_timestamp_ms, status, model_type, source_run_id, lifecycle_stage "
                              "FROM logged_models WHERE experiment_id = ? ORDER BY creation_timestamp_ms, model_id",
                              {experiment.id}, [&](const sql::Row& row) {
                                return LoggedModel{.model_id = row.String(0),
                                                   .experiment_id = experiment.id,
                                                   .name = row.String(1),
                                                   .artifact_uri = row.String(2),
                                                   .creation_time_ms = row.Int(3),
                                                   .last_update_time_ms = row.Int(4),
                                                   .status = static_cast<int>(row.Int(5)),
                                                   .model_type = row.String(6),
                                                   .source_run_id = row.String(7),
                                                   .deleted = row.Text(8) == "deleted"};
                              }));
    for (LoggedModel& m : all) {
      MARU_RETURN_IF_ERROR(ReadPairs(*connection_,
                                     "SELECT param_key, param_value FROM logged_model_params WHERE model_id = ?",
                                     {m.model_id}, m.params));
      MARU_RETURN_IF_ERROR(ReadPairs(
          *connection_, "SELECT tag_key, tag_value FROM logged_model_tags WHERE model_id = ?", {m.model_id}, m.tags));
    }
    return all;
  }

  Result<std::vector<RegisteredModel>> RegisteredModels() override {
    const std::string sql = fmt::format(
        "SELECT name, COALESCE(creation_time, 0), COALESCE(last_updated_time, 0), description, {} "
        "FROM registered_models ORDER BY name",
        Workspace());
    MARU_ASSIGN_OR_RETURN(std::vector<RegisteredModel> all, connection_->QueryAll(sql, {}, [](const sql::Row& row) {
      return RegisteredModel{.workspace = row.String(4),
                             .name = row.String(0),
                             .creation_time_ms = row.Int(1),
                             .last_update_time_ms = row.Int(2),
                             .description = row.OptionalString(3)};
    }));
    const std::string same = has_workspaces_ ? " AND workspace = ?" : " AND 'default' = ?";
    for (RegisteredModel& m : all) {
      MARU_RETURN_IF_ERROR(ReadPairs(*connection_, "SELECT key, value FROM registered_model_tags WHERE name = ?" + same,
                                     {m.name, m.workspace}, m.tags));
      MARU_RETURN_IF_ERROR(ReadVersions(m, same));
      if (!has_aliases_) continue;
      MARU_RETURN_IF_ERROR(
          connection_->Query("SELECT alias, version FROM registered_model_aliases WHERE name = ?" + same,
                             {m.name, m.workspace}, [&](const sql::Row& row) {
                               m.aliases.emplace_back(row.String(0), row.Int(1));
                               return OkStatus();
                             }));
    }
    return all;
  }

  Result<std::optional<std::vector<ArtifactFile>>> ListArtifacts(const std::string& root_uri) override {
    return artifacts_.List(root_uri);
  }
  Status ReadArtifact(const std::string& root_uri, const std::string& path, PieceSink sink) override {
    return artifacts_.Read(root_uri, path, sink);
  }

 private:
  // Whether the database has what this statement names; in a transaction of its own, because a failure ends it.
  bool Has(std::string_view sql) {
    if (!connection_->BeginRead().ok()) return false;
    const bool has = connection_->Query(sql, {}, [](const sql::Row&) { return OkStatus(); }).ok();
    connection_->Rollback();
    return has;
  }

  std::string Workspace() const { return has_workspaces_ ? "workspace" : "'default'"; }

  Status ReadMetrics(Run& run) {
    return connection_->Query(
        "SELECT key, value, timestamp, step, CASE WHEN is_nan THEN 1 ELSE 0 END FROM metrics WHERE run_uuid = ? "
        "ORDER BY key, timestamp, step",
        {run.run_id}, [&](const sql::Row& row) {
          if (run.metrics.empty() || run.metrics.back().key != row.Text(0)) run.metrics.push_back({row.String(0), {}});
          run.metrics.back().points.push_back(
              {row.Bool(4) ? std::numeric_limits<double>::quiet_NaN() : row.Real(1), row.Int(2), row.Int(3)});
          return OkStatus();
        });
  }

  // Datasets and models that went into a run, and models that came out of it; MLflow keeps all three as edges.
  Status ReadInputs(Run& run) {
    std::vector<std::string> edges;
    MARU_RETURN_IF_ERROR(connection_->Query(
        "SELECT i.input_uuid, d.name, d.digest, d.dataset_source_type, d.dataset_source, d.dataset_schema, "
        "d.dataset_profile FROM inputs i JOIN datasets d ON d.dataset_uuid = i.source_id "
        "WHERE i.source_type = 'DATASET' AND i.destination_type = 'RUN' AND i.destination_id = ?",
        {run.run_id}, [&](const sql::Row& row) {
          edges.push_back(row.String(0));
          run.datasets.push_back({.name = row.String(1),
                                  .digest = row.String(2),
                                  .source_type = row.String(3),
                                  .source = row.String(4),
                                  .schema = row.OptionalString(5),
                                  .profile = row.OptionalString(6)});
          return OkStatus();
        }));
    for (std::size_t i = 0; i < edges.size(); ++i) {
      MARU_RETURN_IF_ERROR(ReadPairs(*connection_, "SELECT name, value FROM input_tags WHERE input_uuid = ?",
                                     {edges[i]}, run.datasets[i].tags));
    }
    MARU_RETURN_IF_ERROR(
        connection_->Query("SELECT destination_id FROM inputs WHERE source_type = 'RUN_INPUT' AND source_id = ?",
                           {run.run_id}, [&](const sql::Row& row) {
                             run.model_inputs.push_back(row.String(0));
                             return OkStatus();
                           }));
    if (!has_input_steps_) return OkStatus();
    return connection_->Query(
        "SELECT destination_id, step FROM inputs WHERE source_type = 'RUN_OUTPUT' AND source_id = ?", {run.run_id},
        [&](const sql::Row& row) {
          run.model_outputs.push_back({row.String(0), row.Int(1)});
          return OkStatus();
        });
  }

  Status ReadVersions(RegisteredModel& model, const std::string& same) {
    const std::string sql = fmt::format(
        "SELECT version, COALESCE(creation_time, 0), COALESCE(last_updated_time, 0), description, user_id, "
        "current_stage, source, run_id, run_link, {} FROM model_versions WHERE name = ?{} "
        "AND current_stage <> 'Deleted_Internal' ORDER BY version",
        has_storage_location_ ? "storage_location" : "NULL", same);
    MARU_ASSIGN_OR_RETURN(model.versions,
                          connection_->QueryAll(sql, {model.name, model.workspace}, [](const sql::Row& row) {
                            return ModelVersion{.version = row.Int(0),
                                                .creation_time_ms = row.Int(1),
                                                .last_update_time_ms = row.Int(2),
                                                .description = row.OptionalString(3),
                                                .user_id = row.String(4),
                                                .stage = row.String(5),
                                                .source = row.String(6),
                                                .storage_location = row.IsNull(9) ? row.String(6) : row.String(9),
                                                .run_id = row.String(7),
                                                .run_link = row.String(8)};
                          }));
    for (ModelVersion& v : model.versions) {
      MARU_RETURN_IF_ERROR(ReadPairs(
          *connection_, "SELECT key, value FROM model_version_tags WHERE name = ?" + same + " AND version = ?",
          {model.name, model.workspace, v.version}, v.tags));
    }
    return OkStatus();
  }

  const std::unique_ptr<sql::Connection> connection_;
  LocalArtifacts artifacts_;
  bool has_workspaces_ = false, has_datasets_ = false, has_input_steps_ = false, has_logged_models_ = false,
       has_aliases_ = false, has_storage_location_ = false;
};

}  // namespace

Result<std::unique_ptr<MlflowSource>> OpenMlflowDatabase(const std::string& address, const std::string& artifacts) {
  std::unique_ptr<sql::Connection> connection;
  std::string_view path = address;
  if (path.starts_with("postgresql://") || path.starts_with("postgres://")) {
    MARU_ASSIGN_OR_RETURN(connection, sql::ConnectPostgresReader(address));
  } else {
    // SQLAlchemy writes sqlite:///relative.db and sqlite:////absolute.db.
    if (path.starts_with("sqlite:///"))
      path.remove_prefix(10);
    else if (path.starts_with("sqlite:"))
      path.remove_prefix(7);
    std::error_code error;
    if (!std::filesystem::is_regular_file(path, error)) return NotFound("there is no database file {}", path);
    MARU_ASSIGN_OR_RETURN(connection, sql::ConnectSqliteReader(std::string(path)));
  }
  MARU_ASSIGN_OR_RETURN(LocalArtifacts local, LocalArtifacts::Open(artifacts));
  auto database = std::make_unique<MlflowDatabase>(std::move(connection), std::move(local));
  MARU_RETURN_IF_ERROR(database->Begin());
  return database;
}

Result<std::unique_ptr<MlflowSource>> OpenMlflow(const std::string& address, const std::string& artifacts) {
  if (address.starts_with("http://") || address.starts_with("https://")) return OpenMlflowServer(address);
  return OpenMlflowDatabase(address, artifacts);
}

}  // namespace maru::importer
