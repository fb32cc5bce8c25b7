// Keeps what is loaded in step with what is asked for: one thread that decides, and a few that load.
//
// It hears of moved aliases from the event log (with a durable cursor), of changed endpoints from the service, and of
// finished loads from the loaders; after each it asks revision_policy.h what to do. A new revision is loaded and warmed
// up beside the old one, recorded as ready, and then takes the traffic in one atomic step; the old one is unloaded
// here, when its last call has ended. Threads: Start, Refresh and the destructor from any thread; everything else is
// its own.
#pragma once

#include <memory>
#include <string>

#include "maru/base/clock.h"
#include "maru/events/event_log.h"
#include "maru/serving/endpoint_table.h"
#include "maru/serving/revision_loader.h"
#include "maru/sql/database.h"

namespace maru::serving {

class RevisionKeeper {
 public:
  // Everything given must outlive the keeper.
  static Result<std::unique_ptr<RevisionKeeper>> Start(sql::Database& database, events::EventLog& events,
                                                       const Clock* clock, ModelSource& models, RevisionLoader& loader,
                                                       EndpointTable& table);
  virtual ~RevisionKeeper() = default;  // waits for calls under way and unloads everything

  // Reads the endpoint's row again; returns when the table shows it, or has lost it.
  virtual void Refresh(const std::string& workspace, const std::string& name) = 0;
};

}  // namespace maru::serving
