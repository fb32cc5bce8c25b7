// Shapes and small translations that several resources of the API share.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "maru/base/status.h"
#include "maru/tracking/entities.h"

namespace maru::api::own {

using Tags = std::map<std::string, std::string>;

inline Tags ShapeTags(std::vector<tracking::Tag> tags) {
  Tags shaped;
  for (tracking::Tag& tag : tags) shaped.emplace(std::move(tag.key), std::move(tag.value));
  return shaped;
}

inline std::string Lifecycle(bool deleted) {
  return deleted ? "deleted" : "active";
}

inline Result<tracking::ViewType> ParseView(std::string_view view) {
  if (view == "active" || view.empty()) return tracking::ViewType::kActiveOnly;
  if (view == "deleted") return tracking::ViewType::kDeletedOnly;
  if (view == "all") return tracking::ViewType::kAll;
  return InvalidArgument("view: expected active, deleted or all, got \"{}\"", view);
}

}  // namespace maru::api::own
