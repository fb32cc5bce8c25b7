#include <algorithm>

#include "maru/registry/model_events.h"
#include "maru/registry/model_rows.h"
#include "maru/registry/model_service.h"
#include "maru/registry/names.h"

namespace maru::registry {

Status ModelService::SettleSource(const Caller& caller, NewVersion& version, std::string& storage_location) {
  if (SaysPrompt(version.tags)) {
    storage_location = version.source;
    return CheckPromptSource(version.source);
  }
  if (IsModelAddress(version.source)) {
    const Result<ModelAddress> address = ParseModelAddress(version.source);
    if (address.ok() && address->logged_model_id.empty()) {
      MARU_ASSIGN_OR_RETURN(const RegisteredModel model, GetModel(caller, address->name));
      if (model.is_prompt()) {
        return InvalidArgument(
            "Invalid model version source: '{}'. Prompt versions cannot be used as model version sources.",
            version.source);
      }
      MARU_ASSIGN_OR_RETURN(const ModelVersion original, Resolve(caller, version.source));
      if (version.run_id.value_or(original.run_id) != original.run_id ||
          version.logged_model_id.value_or(original.logged_model_id) != original.logged_model_id) {
        return InvalidArgument(
            "Invalid model version source: '{}'. The run_id and model_id request parameters must match the referenced "
            "model version.",
            version.source);
      }
      version.source = fmt::format("models:/{}/{}", original.name, original.version);
      version.run_id = original.run_id;
      version.logged_model_id = original.logged_model_id;
      storage_location = original.storage_location;
      return OkStatus();
    }
  }
  const std::string logged_model_id = version.logged_model_id.value_or("");
  MARU_RETURN_IF_ERROR(
      CheckVersionSource(caller, origins_, version.source, version.run_id.value_or(""), logged_model_id));
  storage_location = version.source;
  if (logged_model_id.empty()) return OkStatus();

  MARU_ASSIGN_OR_RETURN(const Origin origin, origins_.LoggedModel(caller, logged_model_id));
  if (version.run_id.value_or("").empty()) version.run_id = origin.run_id;
  if (IsModelAddress(version.source)) storage_location = origin.artifact_uri;
  return OkStatus();
}

Result<ModelVersion> ModelService::CreateVersion(const Caller& caller, NewVersion version) {
  MARU_RETURN_IF_ERROR(CheckModelName(version.name));
  std::string storage_location;
  MARU_RETURN_IF_ERROR(SettleSource(caller, version, storage_location));
  for (const auto& [key, value] : version.tags) MARU_RETURN_IF_ERROR(CheckTag(key, value));

  const std::int64_t now_ms = clock_->NowMs();
  ModelVersion created;
  MARU_RETURN_IF_ERROR(Write([&](sql::Writer& writer) -> Status {
    MARU_ASSIGN_OR_RETURN(const ModelKey key, FindModel(writer, caller.workspace, version.name));
    MARU_ASSIGN_OR_RETURN(
        const auto number,
        writer.QueryOne("UPDATE registered_models SET last_version = last_version + 1, updated_ms = ? "
                        "WHERE id = ? RETURNING last_version",
                        {now_ms, key.id}, [](const sql::Row& row) { return row.Int(0); }));
    created = ModelVersion{.name = version.name,
                           .version = *number,
                           .created_ms = now_ms,
                           .updated_ms = now_ms,
                           .description = version.description,
                           .user_id = caller.principal,
                           .source = version.source,
                           .storage_location = storage_location,
                           .run_id = version.run_id.value_or(""),
                           .run_link = version.run_link,
                           .logged_model_id = version.logged_model_id.value_or(""),
                           .tags = version.tags};
    MARU_ASSIGN_OR_RETURN(
        const auto id,
        writer.QueryOne(
            "INSERT INTO model_versions (model_id, version, created_ms, updated_ms, description, user_id, stage, "
            "source, "
            "storage_location, run_id, run_link, logged_model_id) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) "
            "RETURNING id",
            {key.id, created.version, now_ms, now_ms, created.description, created.user_id, created.stage,
             created.source, created.storage_location, created.run_id, created.run_link, created.logged_model_id},
            [](const sql::Row& row) { return row.Int(0); }));
    for (const auto& [tag, value] : created.tags) {
      MARU_RETURN_IF_ERROR(
          writer.Execute("INSERT INTO model_version_tags (version_id, key, value) VALUES (?, ?, ?)", {*id, tag, value})
              .status());
    }
    return ModelEvents(events_, writer, caller).VersionCreated(SaysPrompt(created.tags), created);
  }));
  if (!created.logged_model_id.empty()) {
    MARU_RETURN_IF_ERROR(origins_.NoteRegistered(caller, created.logged_model_id, created.name, created.version));
  }
  return created;
}

Result<ModelVersion> ModelService::GetVersion(const Caller& caller, std::string_view name, std::int64_t version) {
  MARU_RETURN_IF_ERROR(CheckModelName(name));
  ModelVersion found;
  MARU_RETURN_IF_ERROR(database_.Read([&](sql::Reader& reader) -> Status {
    MARU_ASSIGN_OR_RETURN(found, ReadVersion(reader, caller.workspace, name, version));
    return OkStatus();
  }));
  return found;
}

Result<ModelVersion> ModelService::UpdateVersion(const Caller& caller, std::string_view name, std::int64_t version,
                                                 const std::optional<std::string>& description) {
  MARU_RETURN_IF_ERROR(CheckModelName(name));
  const std::int64_t now_ms = clock_->NowMs();
  ModelVersion updated;
  MARU_RETURN_IF_ERROR(Write([&](sql::Writer& writer) -> Status {
    MARU_ASSIGN_OR_RETURN(const VersionKey key, FindVersion(writer, caller.workspace, name, version));
    MARU_RETURN_IF_ERROR(writer
                             .Execute("UPDATE model_versions SET description = ?, updated_ms = ? WHERE id = ?",
                                      {description, now_ms, key.id})
                             .status());
    MARU_RETURN_IF_ERROR(ModelEvents(events_, writer, caller).VersionUpdated(key.prompt, name, version));
    MARU_ASSIGN_OR_RETURN(updated, ReadVersion(writer, caller.workspace, name, version));
    return OkStatus();
  }));
  return updated;
}

Status ModelService::DeleteVersion(const Caller& caller, std::string_view name, std::int64_t version) {
  MARU_RETURN_IF_ERROR(CheckModelName(name));
  const std::int64_t now_ms = clock_->NowMs();
  return Write([&](sql::Writer& writer) -> Status {
    MARU_ASSIGN_OR_RETURN(const VersionKey key, FindVersion(writer, caller.workspace, name, version));
    MARU_RETURN_IF_ERROR(writer.Execute("DELETE FROM model_versions WHERE id = ?", {key.id}).status());
    MARU_RETURN_IF_ERROR(TouchModel(writer, key.model_id, now_ms));
    return ModelEvents(events_, writer, caller).VersionDeleted(key.prompt, name, version);
  });
}

Result<ModelVersion> ModelService::TransitionStage(const Caller& caller, std::string_view name, std::int64_t version,
                                                   std::string_view stage, bool archive_others) {
  MARU_RETURN_IF_ERROR(CheckModelName(name));
  MARU_ASSIGN_OR_RETURN(const std::string_view target, CanonicalStage(stage));
  if (archive_others && target != "Staging" && target != "Production") {
    return InvalidArgument(
        "Model version transition cannot archive existing model versions because '{}' is not an Active stage. Valid "
        "stages are ['Staging', 'Production']",
        stage);
  }
  const std::int64_t now_ms = clock_->NowMs();
  ModelVersion moved;
  MARU_RETURN_IF_ERROR(Write([&](sql::Writer& writer) -> Status {
    MARU_ASSIGN_OR_RETURN(const VersionKey key, FindVersion(writer, caller.workspace, name, version));
    ModelEvents events(events_, writer, caller);
    if (archive_others) {
      MARU_ASSIGN_OR_RETURN(
          const std::vector<std::int64_t> others,
          writer.QueryAll("SELECT version FROM model_versions WHERE model_id = ? AND stage = ? AND id <> ?",
                          {key.model_id, target, key.id}, [](const sql::Row& row) { return row.Int(0); }));
      for (const std::int64_t other : others) {
        MARU_RETURN_IF_ERROR(writer
                                 .Execute("UPDATE model_versions SET stage = 'Archived', updated_ms = ? "
                                          "WHERE model_id = ? AND version = ?",
                                          {now_ms, key.model_id, other})
                                 .status());
        MARU_RETURN_IF_ERROR(events.StageChanged(name, other, target, "Archived"));
      }
    }
    MARU_RETURN_IF_ERROR(
        writer.Execute("UPDATE model_versions SET stage = ?, updated_ms = ? WHERE id = ?", {target, now_ms, key.id})
            .status());
    MARU_RETURN_IF_ERROR(TouchModel(writer, key.model_id, now_ms));
    MARU_RETURN_IF_ERROR(events.StageChanged(name, version, key.stage, target));
    MARU_ASSIGN_OR_RETURN(moved, ReadVersion(writer, caller.workspace, name, version));
    return OkStatus();
  }));
  return moved;
}

Result<std::vector<ModelVersion>> ModelService::LatestVersions(const Caller& caller, std::string_view name,
                                                               const std::vector<std::string>& stages) {
  MARU_ASSIGN_OR_RETURN(RegisteredModel model, GetModel(caller, name));
  if (stages.empty()) return std::move(model.latest_versions);
  std::vector<std::string_view> wanted;
  for (const std::string& stage : stages) {
    MARU_ASSIGN_OR_RETURN(wanted.emplace_back(), CanonicalStage(stage));
  }
  std::erase_if(model.latest_versions, [&](const ModelVersion& version) {
    return std::find(wanted.begin(), wanted.end(), version.stage) == wanted.end();
  });
  return std::move(model.latest_versions);
}

Result<ModelVersion> ModelService::Resolve(const Caller& caller, std::string_view address) {
  MARU_ASSIGN_OR_RETURN(const ModelAddress parsed, ParseModelAddress(address));
  if (!parsed.logged_model_id.empty()) {
    return InvalidArgument("{} is the address of a logged model, not of a registered model's version", address);
  }
  if (!parsed.version.empty()) {
    MARU_ASSIGN_OR_RETURN(const std::int64_t version, ParseVersion(parsed.version));
    return GetVersion(caller, parsed.name, version);
  }
  if (!parsed.alias.empty()) return GetVersionByAlias(caller, parsed.name, parsed.alias);
  MARU_ASSIGN_OR_RETURN(
      std::vector<ModelVersion> versions,
      LatestVersions(caller, parsed.name,
                     parsed.stage.empty() ? std::vector<std::string>{} : std::vector<std::string>{parsed.stage}));
  if (versions.empty()) {
    return NotFound("No versions of model with name '{}'{} found", parsed.name,
                    parsed.stage.empty() ? "" : fmt::format(" and stage '{}'", parsed.stage));
  }
  return *std::max_element(versions.begin(), versions.end(),
                           [](const auto& a, const auto& b) { return a.version < b.version; });
}

}  // namespace maru::registry
