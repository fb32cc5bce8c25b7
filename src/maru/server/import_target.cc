#include "maru/server/import_target.h"

#include "maru/registry/import_models.h"

namespace maru::server {
namespace {

Caller In(const std::string& workspace) {
  return {.principal = "import", .workspace = workspace};
}

std::vector<tracking::Tag> TagsOf(const importer::Pairs& pairs) {
  std::vector<tracking::Tag> tags;
  for (const auto& [key, value] : pairs) tags.push_back({key, value});
  return tags;
}

std::vector<tracking::Param> ParamsOf(const importer::Pairs& pairs) {
  std::vector<tracking::Param> params;
  for (const auto& [key, value] : pairs) params.push_back({key, value});
  return params;
}

registry::Tags MapOf(const importer::Pairs& pairs) {
  return {pairs.begin(), pairs.end()};
}

// A source of models:/m-… names the logged model that the version came from.
std::string LoggedModelOf(const std::string& source) {
  constexpr std::string_view kAddress = "models:/m-";
  return source.starts_with(kAddress) ? source.substr(8, source.find('/', 8) - 8) : "";
}

}  // namespace

Result<ImportTarget::Placed> ImportTarget::PutExperiment(const importer::Experiment& e) {
  MARU_ASSIGN_OR_RETURN(const auto placed,
                        tracking_.PutExperiment(In(e.workspace), {.id = e.id,
                                                                  .name = e.name,
                                                                  .artifact_location = e.artifact_location,
                                                                  .deleted = e.deleted,
                                                                  .creation_time_ms = e.creation_time_ms,
                                                                  .last_update_time_ms = e.last_update_time_ms,
                                                                  .tags = TagsOf(e.tags)}));
  return Placed{placed.id, placed.is_new};
}

Result<bool> ImportTarget::PutRun(const std::string& workspace, const importer::Run& r) {
  tracking::Run run;
  run.info = {.run_id = r.run_id,
              .experiment_id = r.experiment_id,
              .name = r.name,
              .user_id = r.user_id,
              .status = tracking::ParseRunStatus(r.status).value_or(tracking::RunStatus::kFinished),
              .start_time_ms = r.start_time_ms,
              .end_time_ms = r.end_time_ms,
              .artifact_uri = r.artifact_uri,
              .deleted = r.deleted};
  run.params = ParamsOf(r.params);
  run.tags = TagsOf(r.tags);
  for (const importer::DatasetInput& d : r.datasets) {
    run.datasets.push_back({{d.name, d.digest, d.source_type, d.source, d.schema, d.profile}, TagsOf(d.tags)});
  }
  run.model_inputs = r.model_inputs;
  for (const importer::ModelOutput& m : r.model_outputs) run.model_outputs.push_back({m.model_id, m.step});
  std::vector<tracking::ImportService::Series> metrics;
  for (const importer::MetricSeries& s : r.metrics) {
    auto& series = metrics.emplace_back();
    series.key = s.key;
    series.points.reserve(s.points.size());
    for (const importer::MetricPoint& p : s.points) series.points.push_back({p.value, p.timestamp_ms, p.step});
  }
  return tracking_.PutRun(In(workspace), run, metrics);
}

Result<bool> ImportTarget::PutLoggedModel(const std::string& workspace, const importer::LoggedModel& m) {
  return tracking_.PutLoggedModel(In(workspace),
                                  {.model_id = m.model_id,
                                   .experiment_id = m.experiment_id,
                                   .name = m.name,
                                   .artifact_uri = m.artifact_uri,
                                   .creation_time_ms = m.creation_time_ms,
                                   .last_update_time_ms = m.last_update_time_ms,
                                   .model_type = m.model_type,
                                   .source_run_id = m.source_run_id,
                                   .status = static_cast<tracking::LoggedModelStatus>(m.status),
                                   .tags = TagsOf(m.tags),
                                   .params = ParamsOf(m.params)},
                                  m.deleted);
}

Result<int> ImportTarget::PutRegisteredModel(const importer::RegisteredModel& m) {
  registry::RegisteredModel model{.name = m.name,
                                  .created_ms = m.creation_time_ms,
                                  .updated_ms = m.last_update_time_ms,
                                  .description = m.description,
                                  .tags = MapOf(m.tags)};
  for (const auto& [alias, version] : m.aliases) model.aliases.push_back({alias, version});
  std::vector<registry::ModelVersion> versions;
  for (const importer::ModelVersion& v : m.versions) {
    versions.push_back({.name = m.name,
                        .version = v.version,
                        .created_ms = v.creation_time_ms,
                        .updated_ms = v.last_update_time_ms,
                        .description = v.description,
                        .user_id = v.user_id,
                        .stage = v.stage.empty() ? "None" : v.stage,
                        .source = v.source,
                        .storage_location = v.storage_location,
                        .run_id = v.run_id,
                        .run_link = v.run_link,
                        .logged_model_id = LoggedModelOf(v.source),
                        .tags = MapOf(v.tags)});
  }
  return registry::ImportModel(database_, events_, In(m.workspace), model, versions);
}

}  // namespace maru::server
