#include "maru/registry/model_events.h"
#include "maru/registry/model_rows.h"
#include "maru/registry/model_service.h"

namespace maru::registry {

Result<std::int64_t> ModelService::CountIn(sql::Reader& reader, std::string_view workspace) {
  MARU_ASSIGN_OR_RETURN(const auto count, reader.QueryOne("SELECT COUNT(*) FROM registered_models WHERE workspace = ?",
                                                          {workspace}, [](const sql::Row& row) { return row.Int(0); }));
  return count.value_or(0);
}

Status ModelService::DeleteAllIn(sql::Writer& writer, const Caller& caller, std::string_view workspace) {
  Caller within = caller;
  within.workspace = workspace;
  MARU_ASSIGN_OR_RETURN(const std::vector<std::string> names,
                        writer.QueryAll("SELECT name FROM registered_models WHERE workspace = ?", {workspace},
                                        [](const sql::Row& row) { return row.String(0); }));
  for (const std::string& name : names) {
    MARU_ASSIGN_OR_RETURN(const ModelKey key, FindModel(writer, workspace, name));
    MARU_RETURN_IF_ERROR(writer.Execute("DELETE FROM registered_models WHERE id = ?", {key.id}).status());
    MARU_RETURN_IF_ERROR(ModelEvents(events_, writer, within).ModelDeleted(key.prompt, name));
  }
  return OkStatus();
}

Status ModelService::MoveAll(sql::Writer& writer, const Caller&, std::string_view from, std::string_view to) {
  MARU_ASSIGN_OR_RETURN(const auto taken,
                        writer.QueryOne("SELECT name FROM registered_models WHERE workspace = ? AND name IN "
                                        "(SELECT name FROM registered_models WHERE workspace = ?) ORDER BY name",
                                        {from, to}, [](const sql::Row& row) { return row.String(0); }));
  if (taken) {
    return FailedPrecondition(
        "Cannot reassign resources from workspace '{}' to '{}': registered model '{}' already exists there. Rename or "
        "remove the conflicting resources before retrying.",
        from, to, *taken);
  }
  return writer.Execute("UPDATE registered_models SET workspace = ? WHERE workspace = ?", {to, from}).status();
}

}  // namespace maru::registry
