// What the registry asks of runs and logged models. server/ plugs tracking in here.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "maru/base/caller.h"
#include "maru/base/status.h"

namespace maru::registry {

// Something that a model version can come from.
struct Origin {
  std::string artifact_uri;  // the root of its artifacts
  std::string run_id;        // the run that made it; empty when none did
};

class ModelOrigins {
 public:
  virtual ~ModelOrigins() = default;
  // kNotFound when it is not there.
  virtual Result<Origin> Run(const Caller& caller, std::string_view run_id) = 0;
  virtual Result<Origin> LoggedModel(const Caller& caller, std::string_view model_id) = 0;
  // Notes on the logged model that it became this version. Called after the version is durable.
  virtual Status NoteRegistered(const Caller& caller, std::string_view model_id, std::string_view name,
                                std::int64_t version) = 0;
};

}  // namespace maru::registry
