#include "maru/tracking/name_table.h"

#include <mutex>

namespace maru::tracking {
namespace {

constexpr std::size_t kRememberedMax = 1'000'000;  // some 100 MB; beyond it the database is asked

constexpr std::string_view kFind = "SELECT id FROM tracking_names WHERE name = ?";
constexpr std::string_view kNameOf = "SELECT name FROM tracking_names WHERE id = ?";
constexpr std::string_view kAdd = "INSERT INTO tracking_names (name) VALUES (?) RETURNING id";

}  // namespace

std::optional<std::int64_t> NameTable::Known(std::string_view name) const {
  std::shared_lock lock(mutex_);
  const auto found = ids_.find(name);
  return found == ids_.end() ? std::nullopt : std::optional(found->second);
}

Result<std::int64_t> NameTable::Find(sql::Reader& reader, std::string_view name) const {
  if (const auto known = Known(name)) return *known;
  MARU_ASSIGN_OR_RETURN(const auto found,
                        reader.QueryOne(kFind, {name}, [](const sql::Row& row) { return row.Int(0); }));
  if (found) Remember({{std::string(name), *found}});  // read from a snapshot, so it is committed
  return found.value_or(-1);
}

Result<std::int64_t> NameTable::GetOrAdd(sql::Writer& writer, std::string_view name, Learned& learned) const {
  if (const auto known = Known(name)) return *known;
  MARU_ASSIGN_OR_RETURN(auto found, writer.QueryOne(kFind, {name}, [](const sql::Row& row) { return row.Int(0); }));
  if (!found) {
    MARU_ASSIGN_OR_RETURN(found, writer.QueryOne(kAdd, {name}, [](const sql::Row& row) { return row.Int(0); }));
    if (!found) return Internal("the name {} got no number", name);
  }
  learned.emplace_back(name, *found);
  return *found;
}

Result<std::string> NameTable::NameOf(sql::Reader& reader, std::int64_t id) const {
  {
    std::shared_lock lock(mutex_);
    if (const auto found = names_.find(id); found != names_.end()) return *found->second;
  }
  MARU_ASSIGN_OR_RETURN(auto name, reader.QueryOne(kNameOf, {id}, [](const sql::Row& row) { return row.String(0); }));
  if (!name) return DataLoss("no name has the number {}", id);
  return *std::move(name);
}

void NameTable::Remember(const Learned& learned) const {
  if (learned.empty()) return;
  std::unique_lock lock(mutex_);
  for (const auto& [name, id] : learned) {
    if (ids_.size() >= kRememberedMax) return;
    const auto [entry, added] = ids_.emplace(name, id);
    if (added) names_.emplace(id, &entry->first);
  }
}

}  // namespace maru::tracking
