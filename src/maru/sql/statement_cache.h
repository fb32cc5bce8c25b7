// The prepared statements of one connection, by SQL text; the least recently used one goes when there are too many.
// `Statement` frees itself when it dies. Threads: of its connection.
#pragma once

#include <absl/container/flat_hash_map.h>
#include <absl/functional/function_ref.h>

#include <list>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace maru::sql {

template <typename Statement>
class StatementCache {
 public:
  explicit StatementCache(std::size_t size_max) : size_max_(size_max) {}

  // Null when there is none.
  std::shared_ptr<Statement> Find(std::string_view key) {
    const auto it = by_key_.find(key);
    if (it == by_key_.end()) return nullptr;
    recent_.splice(recent_.begin(), recent_, it->second);
    return it->second->second;
  }

  void Add(
      std::string_view key, std::shared_ptr<Statement> statement,
      absl::FunctionRef<void(const Statement&)> on_evict = [](const Statement&) {}) {
    recent_.emplace_front(std::string(key), std::move(statement));
    by_key_[recent_.front().first] = recent_.begin();
    if (recent_.size() > size_max_) {
      on_evict(*recent_.back().second);
      by_key_.erase(recent_.back().first);
      recent_.pop_back();
    }
  }

  void Clear() {
    by_key_.clear();
    recent_.clear();
  }

 private:
  using Entry = std::pair<std::string, std::shared_ptr<Statement>>;
  const std::size_t size_max_;
  std::list<Entry> recent_;
  absl::flat_hash_map<std::string_view, typename std::list<Entry>::iterator> by_key_;  // views the list's keys
};

}  // namespace maru::sql
