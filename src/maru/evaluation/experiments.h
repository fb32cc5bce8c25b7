// What evaluation asks of experiments. server/ plugs tracking in here.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "maru/base/caller.h"
#include "maru/base/status.h"

namespace maru::evaluation {

class Experiments {
 public:
  virtual ~Experiments() = default;
  // kNotFound when there is none in the caller's workspace, kInvalidArgument when it is deleted.
  virtual Status CheckActive(const Caller& caller, std::string_view experiment_id) = 0;
};

}  // namespace maru::evaluation
