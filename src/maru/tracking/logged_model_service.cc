#include "maru/tracking/logged_model_service.h"

#include "maru/base/ids.h"
#include "maru/tracking/logged_model_reader.h"
#include "maru/tracking/run_names.h"
#include "maru/tracking/validation.h"

namespace maru::tracking {
namespace {

constexpr std::string_view kExperiment =
    "SELECT deleted, artifact_location FROM experiments WHERE id = ? AND workspace = ?";
constexpr std::string_view kInsert =
    "INSERT INTO logged_models (model_id, experiment, name, artifact_uri, creation_time, last_update_time, model_type, "
    "source_run_id, status, deleted) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 0) RETURNING id";
constexpr std::string_view kFind =
    "SELECT m.id, m.deleted FROM logged_models m JOIN experiments e ON e.id = m.experiment "
    "WHERE m.model_id = ? AND e.workspace = ?";
constexpr std::string_view kSetStatus = "UPDATE logged_models SET status = ?, last_update_time = ? WHERE id = ?";
constexpr std::string_view kSetDeleted = "UPDATE logged_models SET deleted = 1, last_update_time = ? WHERE id = ?";
constexpr std::string_view kPutTag =
    "INSERT INTO logged_model_tags (model, key, value) VALUES (?, ?, ?) "
    "ON CONFLICT (model, key) DO UPDATE SET value = excluded.value";
constexpr std::string_view kDropTag = "DELETE FROM logged_model_tags WHERE model = ? AND key = ?";
constexpr std::string_view kPutParam =
    "INSERT INTO logged_model_params (model, key, value) VALUES (?, ?, ?) "
    "ON CONFLICT (model, key) DO UPDATE SET value = excluded.value";

struct Found {
  std::int64_t id = 0;
  bool deleted = false;
};

Result<Found> Find(sql::Reader& reader, const Caller& caller, std::string_view model_id) {
  MARU_ASSIGN_OR_RETURN(const auto found, reader.QueryOne(kFind, {model_id, caller.workspace}, [](const sql::Row& row) {
    return Found{row.Int(0), row.Bool(1)};
  }));
  if (!found) return NotFound("Logged model with ID '{}' not found.", model_id);
  return *found;
}

std::string Subject(std::string_view model_id) {
  return fmt::format("logged_model/{}", model_id);
}

}  // namespace

Result<LoggedModel> LoggedModelService::Create(const Caller& caller, NewLoggedModel model) {
  if (model.name.empty()) model.name = RandomName();
  MARU_RETURN_IF_ERROR(ValidateLoggedModelName(model.name));
  const std::string model_id = "m-" + NewUuidHex();
  const std::int64_t now = clock_->NowMs();
  MARU_RETURN_IF_ERROR(database_.Write([&](sql::Writer& writer) -> Status {
    MARU_ASSIGN_OR_RETURN(const auto experiment,
                          writer.QueryOne(kExperiment, {model.experiment_id, caller.workspace},
                                          [](const sql::Row& row) { return std::pair(row.Bool(0), row.String(1)); }));
    if (!experiment) return NotFound("No Experiment with id={} exists", model.experiment_id);
    if (experiment->first) {
      return InvalidArgument("The experiment {} must be in the 'active' state. Current state is deleted.",
                             model.experiment_id);
    }
    const std::string uri = fmt::format("{}/models/{}/artifacts", experiment->second, model_id);
    MARU_ASSIGN_OR_RETURN(const auto id,
                          writer.QueryOne(kInsert,
                                          {model_id, model.experiment_id, model.name, uri, now, now, model.model_type,
                                           model.source_run_id, static_cast<int>(LoggedModelStatus::kPending)},
                                          [](const sql::Row& row) { return row.Int(0); }));
    if (!id) return Internal("the logged model got no number");
    for (const Param& p : model.params) MARU_RETURN_IF_ERROR(writer.Execute(kPutParam, {*id, p.key, p.value}).status());
    for (const Tag& t : model.tags) MARU_RETURN_IF_ERROR(writer.Execute(kPutTag, {*id, t.key, t.value}).status());
    return events_.Append(writer, caller, "logged_model.created", Subject(model_id));
  }));
  events_.Announce();
  return Get(caller, model_id);
}

Result<LoggedModel> LoggedModelService::Get(const Caller& caller, std::string_view model_id, bool allow_deleted) {
  std::vector<LoggedModel> models;
  MARU_RETURN_IF_ERROR(database_.Read([&](sql::Reader& reader) -> Status {
    models.clear();
    MARU_ASSIGN_OR_RETURN(const Found found, Find(reader, caller, model_id));
    if (found.deleted && !allow_deleted) return NotFound("Logged model with ID '{}' not found.", model_id);
    return ReadLoggedModels(reader, std::vector{found.id}, models);
  }));
  return std::move(models.front());
}

Status LoggedModelService::Change(const Caller& caller, std::string_view model_id, std::string_view event,
                                  absl::FunctionRef<Status(sql::Writer&, std::int64_t)> write) {
  MARU_RETURN_IF_ERROR(database_.Write([&](sql::Writer& writer) -> Status {
    MARU_ASSIGN_OR_RETURN(const Found found, Find(writer, caller, model_id));
    if (found.deleted) return NotFound("Logged model with ID '{}' not found.", model_id);
    MARU_RETURN_IF_ERROR(write(writer, found.id));
    return events_.Append(writer, caller, event, Subject(model_id));
  }));
  events_.Announce();
  return OkStatus();
}

Result<LoggedModel> LoggedModelService::Finalize(const Caller& caller, std::string_view model_id,
                                                 LoggedModelStatus status) {
  MARU_RETURN_IF_ERROR(Change(caller, model_id, "logged_model.finalized", [&](sql::Writer& writer, std::int64_t id) {
    return writer.Execute(kSetStatus, {static_cast<int>(status), clock_->NowMs(), id}).status();
  }));
  return Get(caller, model_id);
}

Status LoggedModelService::Delete(const Caller& caller, std::string_view model_id) {
  return Change(caller, model_id, "logged_model.deleted", [&](sql::Writer& writer, std::int64_t id) {
    return writer.Execute(kSetDeleted, {clock_->NowMs(), id}).status();
  });
}

Status LoggedModelService::SetTags(const Caller& caller, std::string_view model_id, const std::vector<Tag>& tags) {
  return Change(caller, model_id, "logged_model.tagged", [&](sql::Writer& writer, std::int64_t id) -> Status {
    for (const Tag& t : tags) MARU_RETURN_IF_ERROR(writer.Execute(kPutTag, {id, t.key, t.value}).status());
    return OkStatus();
  });
}

Status LoggedModelService::DeleteTag(const Caller& caller, std::string_view model_id, std::string_view key) {
  return Change(caller, model_id, "logged_model.tagged", [&](sql::Writer& writer, std::int64_t id) -> Status {
    MARU_ASSIGN_OR_RETURN(const std::int64_t dropped, writer.Execute(kDropTag, {id, key}));
    if (dropped == 0) return NotFound("No tag with key '{}' found for model with ID '{}'.", key, model_id);
    return OkStatus();
  });
}

Status LoggedModelService::LogParams(const Caller& caller, std::string_view model_id,
                                     const std::vector<Param>& params) {
  return Change(caller, model_id, "logged_model.tagged", [&](sql::Writer& writer, std::int64_t id) -> Status {
    for (const Param& p : params) MARU_RETURN_IF_ERROR(writer.Execute(kPutParam, {id, p.key, p.value}).status());
    return OkStatus();
  });
}

}  // namespace maru::tracking
