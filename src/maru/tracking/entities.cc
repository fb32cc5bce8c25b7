#include "maru/tracking/entities.h"

namespace maru::tracking {
namespace {

struct Named {
  RunStatus status;
  std::string_view name;
};
constexpr Named kStatuses[] = {{RunStatus::kRunning, "RUNNING"},
                               {RunStatus::kScheduled, "SCHEDULED"},
                               {RunStatus::kFinished, "FINISHED"},
                               {RunStatus::kFailed, "FAILED"},
                               {RunStatus::kKilled, "KILLED"}};

}  // namespace

std::string_view RunStatusName(RunStatus status) {
  for (const Named& n : kStatuses) {
    if (n.status == status) return n.name;
  }
  return "RUNNING";
}

std::optional<RunStatus> ParseRunStatus(std::string_view name) {
  for (const Named& n : kStatuses) {
    if (n.name == name) return n.status;
  }
  return std::nullopt;
}

}  // namespace maru::tracking
