#include "maru/server/offline_data.h"

#include <filesystem>

#include "maru/base/clock.h"
#include "maru/registry/schema.h"
#include "maru/serving/endpoint_store.h"
#include "maru/sql/migration.h"
#include "maru/tracking/experiment_service.h"

namespace maru::server {

Result<OfflineData> OpenOfflineData(const config::Config& config) {
  std::error_code error;
  std::filesystem::create_directories(config.data, error);
  if (error) return Unavailable("data folder {}: {}", config.data, error.message());
  OfflineData data;
  MARU_ASSIGN_OR_RETURN(data.database, sql::Open(config.database));
  MARU_ASSIGN_OR_RETURN(data.store, object_store::Open(config.artifact_root));
  MARU_ASSIGN_OR_RETURN(data.events, events::EventLog::Open(*data.database, Clock::System()));
  tracking::ExperimentService experiments(*data.database, *data.events, Clock::System(), "mlflow-artifacts:");
  MARU_RETURN_IF_ERROR(experiments.Open());
  MARU_RETURN_IF_ERROR(sql::Migrate(*data.database, "registry", registry::Migrations()));
  MARU_RETURN_IF_ERROR(serving::endpoint_store::Migrate(*data.database));
  return data;
}

}  // namespace maru::server
