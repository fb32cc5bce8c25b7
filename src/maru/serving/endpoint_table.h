// Which revision answers for an endpoint right now: the only thing a request looks at.
//
// Readers take two atomic loads and a look-up, never a lock. One writer at a time replaces the table or an endpoint's
// revision. Threads: as said.
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "maru/serving/revision.h"

namespace maru::serving {

class LiveEndpoint {
 public:
  explicit LiveEndpoint(std::string name) : name_(std::move(name)) {}

  const std::string& name() const { return name_; }
  // Null while no revision is ready.
  RevisionHandle Current() const { return current_.load(std::memory_order_acquire); }
  void Swap(RevisionHandle next) { current_.store(std::move(next), std::memory_order_release); }

  const std::shared_ptr<LiveStats>& stats() const { return stats_; }

  // Why the newest revision does not serve, for people; empty when it does.
  std::string Problem() const {
    const std::lock_guard lock(mutex_);
    return problem_;
  }
  void SetProblem(std::string problem) {
    const std::lock_guard lock(mutex_);
    problem_ = std::move(problem);
  }

 private:
  const std::string name_;
  std::atomic<RevisionHandle> current_;
  const std::shared_ptr<LiveStats> stats_ = std::make_shared<LiveStats>();
  mutable std::mutex mutex_;
  std::string problem_;
};

class EndpointTable {
 public:
  using Workspace = std::map<std::string, std::shared_ptr<LiveEndpoint>, std::less<>>;
  using Map = std::map<std::string, Workspace, std::less<>>;

  // Null when there is none of that name.
  std::shared_ptr<LiveEndpoint> Find(std::string_view workspace, std::string_view name) const {
    const std::shared_ptr<const Map> map = map_.load(std::memory_order_acquire);
    const auto in = map->find(workspace);
    if (in == map->end()) return nullptr;
    const auto at = in->second.find(name);
    return at == in->second.end() ? nullptr : at->second;
  }
  std::shared_ptr<const Map> Snapshot() const { return map_.load(std::memory_order_acquire); }

  void Put(const std::string& workspace, std::shared_ptr<LiveEndpoint> endpoint) {
    auto next = std::make_shared<Map>(*Snapshot());
    const std::string name = endpoint->name();
    (*next)[workspace][name] = std::move(endpoint);
    map_.store(std::move(next), std::memory_order_release);
  }
  void Remove(const std::string& workspace, const std::string& name) {
    auto next = std::make_shared<Map>(*Snapshot());
    (*next)[workspace].erase(name);
    map_.store(std::move(next), std::memory_order_release);
  }

 private:
  std::atomic<std::shared_ptr<const Map>> map_{std::make_shared<const Map>()};
};

}  // namespace maru::serving
