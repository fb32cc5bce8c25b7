#include <absl/strings/match.h>

#include "maru/registry/model_events.h"
#include "maru/registry/model_rows.h"
#include "maru/registry/model_service.h"
#include "maru/registry/names.h"

namespace maru::registry {

Status ModelService::SetAlias(const Caller& caller, std::string_view name, std::string_view alias, std::int64_t version,
                              std::optional<std::int64_t> expected) {
  MARU_RETURN_IF_ERROR(CheckModelName(name));
  MARU_RETURN_IF_ERROR(CheckNewAlias(alias));
  return Write([&](sql::Writer& writer) -> Status {
    MARU_ASSIGN_OR_RETURN(const VersionKey key, FindVersion(writer, caller.workspace, name, version));
    if (expected) {
      MARU_ASSIGN_OR_RETURN(
          const auto current,
          writer.QueryOne("SELECT v.version FROM model_aliases a JOIN model_versions v ON v.id = a.version_id "
                          "WHERE a.model_id = ? AND a.alias = ?",
                          {key.model_id, alias}, [](const sql::Row& row) { return row.Int(0); }));
      if (current.value_or(0) != *expected) {
        return Aborted("alias {} of model {} is on version {}, not {}; look again and decide anew", alias, name,
                       current.value_or(0), *expected);
      }
    }
    MARU_RETURN_IF_ERROR(writer
                             .Execute("INSERT INTO model_aliases (model_id, alias, version_id) VALUES (?, ?, ?) "
                                      "ON CONFLICT (model_id, alias) DO UPDATE SET version_id = excluded.version_id",
                                      {key.model_id, alias, key.id})
                             .status());
    return ModelEvents(events_, writer, caller).AliasSet(key.prompt, name, alias, version);
  });
}

Status ModelService::DeleteAlias(const Caller& caller, std::string_view name, std::string_view alias) {
  MARU_RETURN_IF_ERROR(CheckModelName(name));
  MARU_RETURN_IF_ERROR(CheckAlias(alias));
  return Write([&](sql::Writer& writer) -> Status {
    MARU_ASSIGN_OR_RETURN(const ModelKey key, FindModel(writer, caller.workspace, name));
    MARU_ASSIGN_OR_RETURN(
        const std::int64_t gone,
        writer.Execute("DELETE FROM model_aliases WHERE model_id = ? AND alias = ?", {key.id, alias}));
    if (gone == 0) return OkStatus();
    return ModelEvents(events_, writer, caller).AliasDeleted(key.prompt, name, alias);
  });
}

Result<ModelVersion> ModelService::GetVersionByAlias(const Caller& caller, std::string_view name,
                                                     std::string_view alias) {
  MARU_RETURN_IF_ERROR(CheckModelName(name));
  MARU_RETURN_IF_ERROR(CheckAlias(alias));
  const bool latest = absl::EqualsIgnoreCase(absl::string_view(alias.data(), alias.size()), "latest");
  ModelVersion version;
  MARU_RETURN_IF_ERROR(database_.Read([&](sql::Reader& reader) -> Status {
    MARU_ASSIGN_OR_RETURN(const ModelKey key, FindModel(reader, caller.workspace, name));
    const auto number = [](const sql::Row& row) { return row.OptionalInt(0); };
    MARU_ASSIGN_OR_RETURN(
        const auto found,
        latest ? reader.QueryOne("SELECT MAX(version) FROM model_versions WHERE model_id = ?", {key.id}, number)
               : reader.QueryOne("SELECT v.version FROM model_aliases a JOIN model_versions v ON v.id = a.version_id "
                                 "WHERE a.model_id = ? AND a.alias = ?",
                                 {key.id, alias}, number));
    if (!found || !*found) {
      if (latest) return NotFound("Latest version not found for model {}.", name);
      // Not kNotFound: clients take this very code for "no such alias".
      return InvalidArgument("Registered model alias {} not found.", alias);
    }
    MARU_ASSIGN_OR_RETURN(version, ReadVersion(reader, caller.workspace, name, **found));
    return OkStatus();
  }));
  return version;
}

}  // namespace maru::registry
