// Plugs tracking and the registry into importer/.
#pragma once

#include "maru/events/event_log.h"
#include "maru/importer/import_target.h"
#include "maru/sql/database.h"
#include "maru/tracking/import_service.h"

namespace maru::server {

class ImportTarget final : public importer::ImportTarget {
 public:
  // Both must outlive this; the tables of tracking and registry must be there.
  ImportTarget(sql::Database& database, events::EventLog& events)
      : database_(database), events_(events), tracking_(database, events) {}

  Result<Placed> PutExperiment(const importer::Experiment& experiment) override;
  Result<bool> PutRun(const std::string& workspace, const importer::Run& run) override;
  Result<bool> PutLoggedModel(const std::string& workspace, const importer::LoggedModel& model) override;
  Result<int> PutRegisteredModel(const importer::RegisteredModel& model) override;

 private:
  sql::Database& database_;
  events::EventLog& events_;
  tracking::ImportService tracking_;
};

}  // namespace maru::server
