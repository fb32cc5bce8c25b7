#include "maru/workspaces/workspace_service.h"

#include <absl/strings/ascii.h>

#include <mutex>

#include "maru/json/json.h"
#include "maru/sql/migration.h"
#include "maru/workspaces/workspace_settings.h"

namespace maru::workspaces {
namespace {

constexpr sql::Migration kMigrations[] = {
    {1, R"sql(
CREATE TABLE workspaces (
  name TEXT PRIMARY KEY,
  description TEXT,
  default_artifact_root TEXT,
  trace_archival_location TEXT,
  trace_archival_retention TEXT
);
INSERT INTO workspaces (name, description) VALUES ('default', 'The workspace of everything that names none')
)sql"},
};

constexpr char kColumns[] =
    "SELECT name, description, default_artifact_root, trace_archival_location, trace_archival_retention FROM "
    "workspaces";

Workspace FromRow(const sql::Row& row) {
  return {row.String(0), row.OptionalString(1), row.OptionalString(2), row.OptionalString(3), row.OptionalString(4)};
}

Status NoWorkspace(std::string_view name) {
  return NotFound("Workspace '{}' not found", name);
}

Result<Workspace> Read(sql::Reader& reader, std::string_view name) {
  static const std::string sql = std::string(kColumns) + " WHERE name = ?";
  MARU_ASSIGN_OR_RETURN(const auto found, reader.QueryOne(sql, {name}, FromRow));
  if (!found) return NoWorkspace(name);
  return *found;
}

// What an update stores: the old value where nothing was said, nothing where it was cleared.
std::optional<std::string> Changed(const std::optional<std::string>& old, const std::optional<std::string>& now) {
  if (!now) return old;
  return now->empty() ? std::nullopt : now;
}

std::string Address(std::string_view name) {
  return fmt::format("workspace/{}", name);
}

struct DeletedPayload {
  std::string name, mode;
};
BOOST_DESCRIBE_STRUCT(DeletedPayload, (), (name, mode))

struct NamePayload {
  std::string name;
};
BOOST_DESCRIBE_STRUCT(NamePayload, (), (name))

std::string_view ModeName(Deletion how) {
  switch (how) {
    case Deletion::kRestrict:
      return "RESTRICT";
    case Deletion::kCascade:
      return "CASCADE";
    case Deletion::kSetDefault:
      return "SET_DEFAULT";
  }
  return "";
}

}  // namespace

Result<std::unique_ptr<WorkspaceService>> WorkspaceService::Open(sql::Database& database, events::EventLog& events,
                                                                 std::vector<WorkspaceContents*> contents) {
  MARU_RETURN_IF_ERROR(sql::Migrate(database, "workspaces", kMigrations));
  std::unique_ptr<WorkspaceService> service(new WorkspaceService(database, events, std::move(contents)));
  MARU_ASSIGN_OR_RETURN(const std::vector<Workspace> all, service->List());
  for (const Workspace& workspace : all) service->names_.insert(workspace.name);
  return service;
}

Status WorkspaceService::Write(absl::FunctionRef<Status(sql::Writer&)> write) {
  MARU_RETURN_IF_ERROR(database_.Write(write));
  events_.Announce();
  return OkStatus();
}

bool WorkspaceService::Exists(std::string_view name) const {
  std::shared_lock lock(mutex_);
  return names_.contains(name);
}

Result<std::string> WorkspaceService::Choose(std::string_view header_value) const {
  std::string name(header_value);
  absl::StripAsciiWhitespace(&name);
  if (name.empty() || name == kDefaultWorkspace) return kDefaultWorkspace;
  MARU_RETURN_IF_ERROR(CheckWorkspaceName(name));
  if (!Exists(name)) return NoWorkspace(name);
  return name;
}

Result<std::vector<Workspace>> WorkspaceService::List() {
  static const std::string sql = std::string(kColumns) + " ORDER BY name";
  std::vector<Workspace> all;
  MARU_RETURN_IF_ERROR(database_.Read([&](sql::Reader& reader) -> Status {
    MARU_ASSIGN_OR_RETURN(all, reader.QueryAll(sql, {}, FromRow));
    return OkStatus();
  }));
  return all;
}

Result<Workspace> WorkspaceService::Get(std::string_view name) {
  if (name != kDefaultWorkspace) MARU_RETURN_IF_ERROR(CheckWorkspaceName(name));
  Workspace workspace;
  MARU_RETURN_IF_ERROR(database_.Read([&](sql::Reader& reader) -> Status {
    MARU_ASSIGN_OR_RETURN(workspace, Read(reader, name));
    return OkStatus();
  }));
  return workspace;
}

Result<Workspace> WorkspaceService::Create(const Caller& caller, Workspace workspace) {
  if (workspace.name == kDefaultWorkspace) {
    return InvalidArgument("The 'default' workspace is reserved and cannot be created");
  }
  MARU_RETURN_IF_ERROR(CheckWorkspaceName(workspace.name));
  MARU_RETURN_IF_ERROR(SettleSettings(workspace));
  for (auto* setting :
       {&workspace.default_artifact_root, &workspace.trace_archival_location, &workspace.trace_archival_retention}) {
    *setting = Changed(std::nullopt, *setting);
  }
  MARU_RETURN_IF_ERROR(Write([&](sql::Writer& writer) -> Status {
    MARU_ASSIGN_OR_RETURN(
        const std::int64_t added,
        writer.Execute("INSERT INTO workspaces (name, description, default_artifact_root, trace_archival_location, "
                       "trace_archival_retention) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
                       {workspace.name, workspace.description, workspace.default_artifact_root,
                        workspace.trace_archival_location, workspace.trace_archival_retention}));
    if (added == 0) return AlreadyExists("Workspace '{}' already exists.", workspace.name);
    return events_.Append(writer, caller, "workspace.created", Address(workspace.name),
                          json::Encode(NamePayload{workspace.name}));
  }));
  std::unique_lock lock(mutex_);
  names_.insert(workspace.name);
  return workspace;
}

Result<Workspace> WorkspaceService::Update(const Caller& caller, const Workspace& changes) {
  if (changes.name != kDefaultWorkspace) MARU_RETURN_IF_ERROR(CheckWorkspaceName(changes.name));
  Workspace settled = changes;
  MARU_RETURN_IF_ERROR(SettleSettings(settled));
  Workspace updated;
  MARU_RETURN_IF_ERROR(Write([&](sql::Writer& writer) -> Status {
    MARU_ASSIGN_OR_RETURN(updated, Read(writer, changes.name));
    if (settled.description) updated.description = settled.description;
    updated.default_artifact_root = Changed(updated.default_artifact_root, settled.default_artifact_root);
    updated.trace_archival_location = Changed(updated.trace_archival_location, settled.trace_archival_location);
    updated.trace_archival_retention = Changed(updated.trace_archival_retention, settled.trace_archival_retention);
    MARU_RETURN_IF_ERROR(writer
                             .Execute("UPDATE workspaces SET description = ?, default_artifact_root = ?, "
                                      "trace_archival_location = ?, trace_archival_retention = ? WHERE name = ?",
                                      {updated.description, updated.default_artifact_root,
                                       updated.trace_archival_location, updated.trace_archival_retention, updated.name})
                             .status());
    return events_.Append(writer, caller, "workspace.updated", Address(updated.name),
                          json::Encode(NamePayload{updated.name}));
  }));
  return updated;
}

Status WorkspaceService::Delete(const Caller& caller, std::string_view name, Deletion how) {
  if (name == kDefaultWorkspace) {
    return InvalidArgument("The 'default' workspace is reserved and cannot be deleted");
  }
  MARU_RETURN_IF_ERROR(CheckWorkspaceName(name));
  MARU_RETURN_IF_ERROR(Write([&](sql::Writer& writer) -> Status {
    MARU_RETURN_IF_ERROR(Read(writer, name).status());
    for (WorkspaceContents* contents : contents_) {
      switch (how) {
        case Deletion::kRestrict: {
          MARU_ASSIGN_OR_RETURN(const std::int64_t count, contents->Count(writer, name));
          if (count > 0) {
            return FailedPrecondition(
                "Cannot delete workspace '{}': it still contains {} {}. Remove or reassign them before deleting the "
                "workspace.",
                name, count, contents->what());
          }
          break;
        }
        case Deletion::kCascade:
          MARU_RETURN_IF_ERROR(contents->DeleteAll(writer, caller, name));
          break;
        case Deletion::kSetDefault:
          MARU_RETURN_IF_ERROR(contents->MoveAll(writer, caller, name, kDefaultWorkspace));
          break;
      }
    }
    MARU_RETURN_IF_ERROR(writer.Execute("DELETE FROM workspaces WHERE name = ?", {name}).status());
    return events_.Append(writer, caller, "workspace.deleted", Address(name),
                          json::Encode(DeletedPayload{std::string(name), std::string(ModeName(how))}));
  }));
  std::unique_lock lock(mutex_);
  names_.erase(names_.find(name));
  return OkStatus();
}

}  // namespace maru::workspaces
