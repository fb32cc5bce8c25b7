// Which workspace names and settings are allowed. Pure; every refusal is kInvalidArgument.
#pragma once

#include <string_view>

#include "maru/base/status.h"
#include "maru/workspaces/workspace_service.h"

namespace maru::workspaces {

// Kubernetes' rule: 2 to 63 lower-case letters, digits and inner hyphens; and no word that paths need.
Status CheckWorkspaceName(std::string_view name);

// Trims the settings in place and checks those that are not empty.
Status SettleSettings(Workspace& workspace);

}  // namespace maru::workspaces
