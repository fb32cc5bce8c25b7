#include "maru/registry/model_events.h"
#include "maru/registry/model_rows.h"
#include "maru/registry/model_service.h"
#include "maru/registry/names.h"
#include "maru/registry/schema.h"

namespace maru::registry {
namespace {

Status NameTaken(std::string_view name, bool old_is_prompt, bool new_is_prompt) {
  if (old_is_prompt == new_is_prompt) {
    return AlreadyExists("{} (name={}) already exists.", new_is_prompt ? "Prompt" : "Registered Model", name);
  }
  return AlreadyExists(
      "Tried to create a {} with name '{}', but the name is already taken by a {}. MLflow does not allow creating a "
      "model and a prompt with the same name.",
      new_is_prompt ? "prompt" : "registered model", name, old_is_prompt ? "prompt" : "registered model");
}

}  // namespace

Result<std::unique_ptr<ModelService>> ModelService::Open(sql::Database& database, events::EventLog& events,
                                                         ModelOrigins& origins, const Clock* clock) {
  MARU_RETURN_IF_ERROR(sql::Migrate(database, "registry", Migrations()));
  return std::unique_ptr<ModelService>(new ModelService(database, events, origins, clock));
}

Status ModelService::Write(absl::FunctionRef<Status(sql::Writer&)> write) {
  MARU_RETURN_IF_ERROR(database_.Write(write));
  events_.Announce();
  return OkStatus();
}

Result<RegisteredModel> ModelService::CreateModel(const Caller& caller, const NewModel& model) {
  MARU_RETURN_IF_ERROR(CheckModelName(model.name));
  for (const auto& [key, value] : model.tags) MARU_RETURN_IF_ERROR(CheckTag(key, value));

  RegisteredModel created;
  created.name = model.name;
  created.created_ms = created.updated_ms = clock_->NowMs();
  created.description = model.description;
  created.deployment_job_id = model.deployment_job_id;
  created.tags = model.tags;
  const bool prompt = created.is_prompt();

  MARU_RETURN_IF_ERROR(Write([&](sql::Writer& writer) -> Status {
    const Result<ModelKey> taken = FindModel(writer, caller.workspace, model.name);
    if (taken.ok()) return NameTaken(model.name, taken->prompt, prompt);
    if (!absl::IsNotFound(taken.status())) return taken.status();

    MARU_ASSIGN_OR_RETURN(
        const auto id,
        writer.QueryOne("INSERT INTO registered_models (workspace, name, description, deployment_job_id, created_ms, "
                        "updated_ms) VALUES (?, ?, ?, ?, ?, ?) RETURNING id",
                        {caller.workspace, model.name, model.description, model.deployment_job_id, created.created_ms,
                         created.updated_ms},
                        [](const sql::Row& row) { return row.Int(0); }));
    for (const auto& [key, value] : model.tags) {
      MARU_RETURN_IF_ERROR(
          writer.Execute("INSERT INTO registered_model_tags (model_id, key, value) VALUES (?, ?, ?)", {*id, key, value})
              .status());
    }
    return ModelEvents(events_, writer, caller).ModelCreated(prompt, model.name, model.tags, model.description);
  }));
  return created;
}

Result<RegisteredModel> ModelService::GetModel(const Caller& caller, std::string_view name) {
  MARU_RETURN_IF_ERROR(CheckModelName(name));
  RegisteredModel model;
  MARU_RETURN_IF_ERROR(database_.Read([&](sql::Reader& reader) -> Status {
    MARU_ASSIGN_OR_RETURN(model, ReadModel(reader, caller.workspace, name));
    return OkStatus();
  }));
  return model;
}

Result<RegisteredModel> ModelService::UpdateModel(const Caller& caller, std::string_view name,
                                                  std::string_view description,
                                                  const std::optional<std::string>& deployment_job_id) {
  MARU_RETURN_IF_ERROR(CheckModelName(name));
  const std::int64_t now_ms = clock_->NowMs();
  RegisteredModel model;
  MARU_RETURN_IF_ERROR(Write([&](sql::Writer& writer) -> Status {
    MARU_ASSIGN_OR_RETURN(const ModelKey key, FindModel(writer, caller.workspace, name));
    MARU_RETURN_IF_ERROR(writer
                             .Execute("UPDATE registered_models SET description = ?, updated_ms = ?, "
                                      "deployment_job_id = COALESCE(?, deployment_job_id) WHERE id = ?",
                                      {description, now_ms, deployment_job_id, key.id})
                             .status());
    MARU_RETURN_IF_ERROR(ModelEvents(events_, writer, caller).ModelUpdated(key.prompt, name));
    MARU_ASSIGN_OR_RETURN(model, ReadModel(writer, caller.workspace, name));
    return OkStatus();
  }));
  return model;
}

Result<RegisteredModel> ModelService::RenameModel(const Caller& caller, std::string_view name,
                                                  std::string_view new_name) {
  MARU_RETURN_IF_ERROR(CheckModelName(new_name, "new_name"));
  MARU_RETURN_IF_ERROR(CheckModelName(name));
  const std::int64_t now_ms = clock_->NowMs();
  RegisteredModel model;
  MARU_RETURN_IF_ERROR(Write([&](sql::Writer& writer) -> Status {
    MARU_ASSIGN_OR_RETURN(const ModelKey key, FindModel(writer, caller.workspace, name));
    const Result<ModelKey> taken = FindModel(writer, caller.workspace, new_name);
    if (taken.ok() && taken->id != key.id) return NameTaken(new_name, false, false);
    MARU_RETURN_IF_ERROR(
        writer.Execute("UPDATE registered_models SET name = ?, updated_ms = ? WHERE id = ?", {new_name, now_ms, key.id})
            .status());
    MARU_RETURN_IF_ERROR(
        writer.Execute("UPDATE model_versions SET updated_ms = ? WHERE model_id = ?", {now_ms, key.id}).status());
    MARU_RETURN_IF_ERROR(ModelEvents(events_, writer, caller).ModelRenamed(key.prompt, name, new_name));
    MARU_ASSIGN_OR_RETURN(model, ReadModel(writer, caller.workspace, new_name));
    return OkStatus();
  }));
  return model;
}

Status ModelService::DeleteModel(const Caller& caller, std::string_view name) {
  MARU_RETURN_IF_ERROR(CheckModelName(name));
  return Write([&](sql::Writer& writer) -> Status {
    MARU_ASSIGN_OR_RETURN(const ModelKey key, FindModel(writer, caller.workspace, name));
    MARU_RETURN_IF_ERROR(writer.Execute("DELETE FROM registered_models WHERE id = ?", {key.id}).status());
    return ModelEvents(events_, writer, caller).ModelDeleted(key.prompt, name);
  });
}

}  // namespace maru::registry
