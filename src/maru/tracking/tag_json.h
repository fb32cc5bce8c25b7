// Tags as JSON, for the tags of a run's inputs, which are kept in one column.
#pragma once

#include "maru/json/json.h"
#include "maru/tracking/entities.h"

namespace maru::tracking {

BOOST_DESCRIBE_STRUCT(Tag, (), (key, value))

}  // namespace maru::tracking
