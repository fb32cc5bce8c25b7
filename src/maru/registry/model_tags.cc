#include "maru/registry/model_events.h"
#include "maru/registry/model_rows.h"
#include "maru/registry/model_service.h"
#include "maru/registry/names.h"

namespace maru::registry {

Status ModelService::SetModelTag(const Caller& caller, std::string_view name, std::string_view key,
                                 std::string_view value) {
  MARU_RETURN_IF_ERROR(CheckModelName(name));
  MARU_RETURN_IF_ERROR(CheckTag(key, value));
  return Write([&](sql::Writer& writer) -> Status {
    MARU_ASSIGN_OR_RETURN(const ModelKey model, FindModel(writer, caller.workspace, name));
    MARU_RETURN_IF_ERROR(writer
                             .Execute("INSERT INTO registered_model_tags (model_id, key, value) VALUES (?, ?, ?) "
                                      "ON CONFLICT (model_id, key) DO UPDATE SET value = excluded.value",
                                      {model.id, key, value})
                             .status());
    return ModelEvents(events_, writer, caller).ModelTagSet(model.prompt, name, key, value);
  });
}

Status ModelService::DeleteModelTag(const Caller& caller, std::string_view name, std::string_view key) {
  MARU_RETURN_IF_ERROR(CheckModelName(name));
  MARU_RETURN_IF_ERROR(CheckTagKey(key));
  return Write([&](sql::Writer& writer) -> Status {
    MARU_ASSIGN_OR_RETURN(const ModelKey model, FindModel(writer, caller.workspace, name));
    MARU_ASSIGN_OR_RETURN(
        const std::int64_t gone,
        writer.Execute("DELETE FROM registered_model_tags WHERE model_id = ? AND key = ?", {model.id, key}));
    if (gone == 0) return OkStatus();
    return ModelEvents(events_, writer, caller).ModelTagDeleted(model.prompt, name, key);
  });
}

Status ModelService::SetVersionTag(const Caller& caller, std::string_view name, std::int64_t version,
                                   std::string_view key, std::string_view value) {
  MARU_RETURN_IF_ERROR(CheckModelName(name));
  MARU_RETURN_IF_ERROR(CheckTag(key, value));
  return Write([&](sql::Writer& writer) -> Status {
    MARU_ASSIGN_OR_RETURN(const VersionKey found, FindVersion(writer, caller.workspace, name, version));
    MARU_RETURN_IF_ERROR(writer
                             .Execute("INSERT INTO model_version_tags (version_id, key, value) VALUES (?, ?, ?) "
                                      "ON CONFLICT (version_id, key) DO UPDATE SET value = excluded.value",
                                      {found.id, key, value})
                             .status());
    return ModelEvents(events_, writer, caller).VersionTagSet(found.prompt, name, version, key, value);
  });
}

Status ModelService::DeleteVersionTag(const Caller& caller, std::string_view name, std::int64_t version,
                                      std::string_view key) {
  MARU_RETURN_IF_ERROR(CheckModelName(name));
  MARU_RETURN_IF_ERROR(CheckTagKey(key));
  return Write([&](sql::Writer& writer) -> Status {
    MARU_ASSIGN_OR_RETURN(const VersionKey found, FindVersion(writer, caller.workspace, name, version));
    MARU_ASSIGN_OR_RETURN(
        const std::int64_t gone,
        writer.Execute("DELETE FROM model_version_tags WHERE version_id = ? AND key = ?", {found.id, key}));
    if (gone == 0) return OkStatus();
    return ModelEvents(events_, writer, caller).VersionTagDeleted(found.prompt, name, version, key);
  });
}

}  // namespace maru::registry
