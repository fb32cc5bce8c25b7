// Real deletion: what is marked as deleted and not needed any more is found, and then removed for good.
//
// Deleted runs, logged models and experiments are garbage unless something that stays needs them:
//  - a run or logged model that `needed` names (registered versions and endpoints; server/ gathers them);
//  - a logged model that a run which stays takes in, and the run that made a logged model which stays;
//  - an experiment with a run or logged model that stays.
//
// Threads: plain functions on a thread-safe database; nothing else should write meanwhile. Errors: sql::Database's.
// Events: run.removed, logged_model.removed, experiment.removed.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "maru/base/status.h"
#include "maru/events/event_log.h"
#include "maru/sql/database.h"

namespace maru::tracking {

enum class GarbageKind { kLoggedModel, kRun, kExperiment };

struct GarbageItem {
  GarbageKind kind = GarbageKind::kRun;
  std::int64_t number = 0;  // in its table
  std::string id;           // as clients know it
  std::string workspace;
  std::string artifact_uri;
  std::string needed_by;  // why it stays; empty for garbage
};

struct Garbage {
  std::vector<GarbageItem> removable;  // in the order in which they must go
  std::vector<GarbageItem> kept;
};

// Only what was deleted before `deleted_before_ms`. `needed` holds run ids and logged model ids.
Result<Garbage> FindGarbage(sql::Database& database, const std::set<std::string>& needed,
                            std::int64_t deleted_before_ms);

// Removes every row of the item in one transaction. Its artifacts go before, or a crash between would leave them
// behind.
Status RemoveGarbage(sql::Database& database, events::EventLog& events, const GarbageItem& item);

// Every run id and logged model id that stands somewhere in `text`: addresses of artifacts hold them.
void AddIdsIn(std::string_view text, std::set<std::string>& out);

}  // namespace maru::tracking
