// Lets a domain service answer for what it keeps in workspaces.
#pragma once

#include <string_view>

#include "maru/workspaces/workspace_service.h"

namespace maru::server {

// Service has CountIn(reader, workspace), DeleteAllIn(writer, caller, workspace) and MoveAll(writer, caller, from, to).
template <typename Service>
class ContentsOf final : public workspaces::WorkspaceContents {
 public:
  ContentsOf(std::string_view what, Service& service) : what_(what), service_(service) {}
  std::string_view what() const override { return what_; }
  Result<std::int64_t> Count(sql::Reader& reader, std::string_view workspace) override {
    return service_.CountIn(reader, workspace);
  }
  Status DeleteAll(sql::Writer& writer, const Caller& caller, std::string_view workspace) override {
    return service_.DeleteAllIn(writer, caller, workspace);
  }
  Status MoveAll(sql::Writer& writer, const Caller& caller, std::string_view from, std::string_view to) override {
    return service_.MoveAll(writer, caller, from, to);
  }

 private:
  const std::string_view what_;
  Service& service_;
};

}  // namespace maru::server
