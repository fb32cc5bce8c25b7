// The numbers of metric, param and tag names: each name is stored once, rows hold its number.
//
// Numbers never change and names are never removed, so what was once read may be remembered for good; the memory is a
// cache and nothing else. A name that a transaction adds is remembered after its commit, never before.
//
// Threads: NameTable is thread-safe. Learned belongs to one call.
#pragma once

#include <cstdint>
#include <optional>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "maru/base/status.h"
#include "maru/sql/database.h"

namespace maru::tracking {

class NameTable {
 public:
  // What a call found in the database and may pass to Remember once it is committed.
  using Learned = std::vector<std::pair<std::string, std::int64_t>>;

  // From memory only.
  std::optional<std::int64_t> Known(std::string_view name) const;

  // The number of `name`, in a write: added when new.
  Result<std::int64_t> GetOrAdd(sql::Writer& writer, std::string_view name, Learned& learned) const;
  // The number of `name`, in a read; -1 when nothing has that name.
  Result<std::int64_t> Find(sql::Reader& reader, std::string_view name) const;
  // The name with a number that stands in a row.
  Result<std::string> NameOf(sql::Reader& reader, std::int64_t id) const;

  void Remember(const Learned& learned) const;

 private:
  struct Hash : std::hash<std::string_view> {
    using is_transparent = void;
  };
  mutable std::shared_mutex mutex_;
  mutable std::unordered_map<std::string, std::int64_t, Hash, std::equal_to<>> ids_;
  mutable std::unordered_map<std::int64_t, const std::string*> names_;  // into ids_, whose nodes stay where they are
};

}  // namespace maru::tracking
