// Answers the registry's questions about runs and logged models.
#pragma once

#include "maru/registry/model_origins.h"

namespace maru::server {

// Knows no run and no logged model: a version's source can then only lie outside the server's own storage.
class NoOrigins final : public registry::ModelOrigins {
 public:
  Result<registry::Origin> Run(const Caller&, std::string_view run_id) override {
    return NotFound("Run with id={} not found", run_id);
  }
  Result<registry::Origin> LoggedModel(const Caller&, std::string_view model_id) override {
    return NotFound("Logged model with ID '{}' not found.", model_id);
  }
  Status NoteRegistered(const Caller&, std::string_view, std::string_view, std::int64_t) override { return OkStatus(); }
};

}  // namespace maru::server
