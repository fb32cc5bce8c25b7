// Endpoints as people and wires use them: create, change, look at, delete, and find the revision that answers.
//
// The rows in the database are the truth; what this process has loaded follows them and the registry's aliases
// (revision_keeper.h), starting when the service opens and again after every change.
// Threads: thread-safe. Everything but Find, ReadyRevision and Served blocks on the database.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "maru/base/caller.h"
#include "maru/base/clock.h"
#include "maru/events/event_log.h"
#include "maru/serving/endpoint.h"
#include "maru/serving/endpoint_table.h"
#include "maru/serving/revision_loader.h"
#include "maru/sql/database.h"

namespace maru::serving {

struct NewEndpoint {
  std::string name;
  std::string model_uri;
  EndpointSettings settings;
};

struct EndpointChange {
  std::optional<std::string> model_uri;
  std::optional<EndpointSettings> settings;
};

struct EndpointView {
  EndpointRow row;
  std::vector<RevisionRow> revisions;      // oldest first, retired ones included
  std::optional<std::int64_t> serving;     // the number of the revision that answers now
  std::string problem;                     // why the newest revision does not serve; empty when it does
  std::shared_ptr<const LiveStats> stats;  // null in the moment before the endpoint is picked up
  std::shared_ptr<Revision> revision;      // the one that answers now, or null
};

struct ServedModel {
  std::string name;
  std::shared_ptr<LiveEndpoint> endpoint;
};

class EndpointService {
 public:
  // Everything given must outlive the service. `events` supplies alias changes and takes the endpoints' own events.
  static Result<std::unique_ptr<EndpointService>> Open(sql::Database& database, events::EventLog& events,
                                                       const Clock* clock, ModelSource& models,
                                                       ArtifactSource& artifacts, LoaderOptions options);
  virtual ~EndpointService() = default;  // waits for calls under way and unloads everything

  // kNotFound when the model, version or alias is not there; kAlreadyExists for a taken name. The endpoint is known to
  // the wires when this returns, and ready when its first revision is.
  virtual Result<EndpointView> Create(const Caller& caller, const NewEndpoint& endpoint) = 0;
  virtual Result<EndpointView> Get(const Caller& caller, const std::string& name) = 0;
  virtual Result<std::vector<EndpointView>> List(const Caller& caller) = 0;
  virtual Result<EndpointView> Update(const Caller& caller, const std::string& name, const EndpointChange& change) = 0;
  virtual Status Delete(const Caller& caller, const std::string& name) = 0;

  // For the wires; never blocks. Null when there is no such endpoint.
  virtual std::shared_ptr<LiveEndpoint> Find(std::string_view workspace, std::string_view name) const = 0;
  // The revision that answers. kNotFound; kUnavailable, with the reason, while none is ready: that counts among the
  // endpoint's errors when it is `for_a_call`.
  virtual Result<RevisionHandle> ReadyRevision(std::string_view workspace, std::string_view name,
                                               bool for_a_call = false) const = 0;
  // Every endpoint of a workspace, by name; of all workspaces when empty.
  virtual std::vector<ServedModel> Served(std::string_view workspace) const = 0;
};

}  // namespace maru::serving
