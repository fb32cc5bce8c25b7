// Puts registered models that were made elsewhere into the registry, with the version numbers and times they have.
//
// One transaction; versions that are there stay as they are, aliases that are there stay where they point. Events:
// model.imported, model_version.imported.
#pragma once

#include <vector>

#include "maru/base/caller.h"
#include "maru/events/event_log.h"
#include "maru/registry/model.h"
#include "maru/sql/database.h"

namespace maru::registry {

// Returns how many versions were new. Needs ModelService::Open to have run. `aliases` of the model are put, its
// latest_versions are not looked at.
Result<int> ImportModel(sql::Database& database, events::EventLog& events, const Caller& caller,
                        const RegisteredModel& model, const std::vector<ModelVersion>& versions);

}  // namespace maru::registry
