// The workspaces of this server. "default" is always there.
//
// Threads: WorkspaceService is thread-safe; Exists answers from memory, the others block on the database.
// Errors: kInvalidArgument for names and settings that cannot be; kNotFound; kAlreadyExists; kFailedPrecondition for a
// deletion that the contents forbid.
#pragma once

#include <absl/functional/function_ref.h>

#include <memory>
#include <optional>
#include <set>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <vector>

#include "maru/base/caller.h"
#include "maru/base/status.h"
#include "maru/events/event_log.h"
#include "maru/sql/database.h"

namespace maru::workspaces {

inline constexpr char kDefaultWorkspace[] = "default";

struct Workspace {
  std::string name;
  std::optional<std::string> description;
  std::optional<std::string> default_artifact_root;    // URI or absolute path; the server's own root when absent
  std::optional<std::string> trace_archival_location;  // kept for clients; maru does not move traces away
  std::optional<std::string> trace_archival_retention;
};

// What one domain keeps in workspaces. Called within the transaction that deletes the workspace.
class WorkspaceContents {
 public:
  virtual ~WorkspaceContents() = default;
  virtual std::string_view what() const = 0;  // plural, for messages: "registered models"
  virtual Result<std::int64_t> Count(sql::Reader& reader, std::string_view workspace) = 0;
  virtual Status DeleteAll(sql::Writer& writer, const Caller& caller, std::string_view workspace) = 0;
  // kFailedPrecondition when a name is taken there.
  virtual Status MoveAll(sql::Writer& writer, const Caller& caller, std::string_view from, std::string_view to) = 0;
};

enum class Deletion {
  kRestrict,    // refused unless it is empty
  kCascade,     // with everything in it
  kSetDefault,  // everything in it moves to "default"
};

class WorkspaceService {
 public:
  // All must outlive the service. Creates its table and the default workspace.
  static Result<std::unique_ptr<WorkspaceService>> Open(sql::Database& database, events::EventLog& events,
                                                        std::vector<WorkspaceContents*> contents);

  // Whether requests may name it. From memory.
  bool Exists(std::string_view name) const;
  // The workspace that a request's header value means: trimmed, "default" when empty; kNotFound when there is none.
  Result<std::string> Choose(std::string_view header_value) const;

  Result<std::vector<Workspace>> List();  // by name
  Result<Workspace> Get(std::string_view name);
  Result<Workspace> Create(const Caller& caller, Workspace workspace);
  // Members that are absent stay; empty ones are cleared.
  Result<Workspace> Update(const Caller& caller, const Workspace& changes);
  Status Delete(const Caller& caller, std::string_view name, Deletion how);

 private:
  WorkspaceService(sql::Database& database, events::EventLog& events, std::vector<WorkspaceContents*> contents)
      : database_(database), events_(events), contents_(std::move(contents)) {}

  Status Write(absl::FunctionRef<Status(sql::Writer&)> write);

  sql::Database& database_;
  events::EventLog& events_;
  const std::vector<WorkspaceContents*> contents_;

  // The names in the database, which only this process changes.
  mutable std::shared_mutex mutex_;
  std::set<std::string, std::less<>> names_;
};

}  // namespace maru::workspaces
