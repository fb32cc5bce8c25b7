#include "maru/server/collect_garbage.h"

#include "maru/artifacts/artifact_path.h"
#include "maru/registry/references.h"
#include "maru/server/offline_data.h"
#include "maru/serving/endpoint_store.h"

namespace maru::server {
namespace {

constexpr std::size_t kPage = 1'000;

// The ids in what registered versions and endpoints point at.
Result<std::set<std::string>> Needed(sql::Database& database) {
  std::set<std::string> needed;
  MARU_ASSIGN_OR_RETURN(const std::vector<std::string> references, registry::References(database));
  for (const std::string& reference : references) tracking::AddIdsIn(reference, needed);
  MARU_RETURN_IF_ERROR(database.Read([&](sql::Reader& reader) -> Status {
    MARU_ASSIGN_OR_RETURN(const auto endpoints, serving::endpoint_store::ListAll(reader));
    for (const auto& endpoint : endpoints) tracking::AddIdsIn(endpoint.model_uri, needed);
    return OkStatus();
  }));
  return needed;
}

// The folder of the store that is the item's own; empty when its artifacts are elsewhere. A root without the item's id
// in it could be shared, so it is left alone.
std::string OwnFolder(const tracking::GarbageItem& item, const std::string& store_uri) {
  std::string path;
  if (const auto proxied = artifacts::ProxiedPath(item.artifact_uri)) {
    const auto key = artifacts::WorkspaceKey(item.workspace, *proxied);
    if (key.ok()) path = *key;
  } else if (item.artifact_uri.starts_with(store_uri + "/")) {
    path = item.artifact_uri.substr(store_uri.size() + 1);
  }
  const std::size_t at = ("/" + path + "/").find("/" + item.id + "/");
  // Up to and including the id: "1/RUN" rather than "1/RUN/artifacts".
  return at == std::string::npos ? "" : path.substr(0, at + item.id.size());
}

Result<std::int64_t> CountBelow(object_store::ObjectStore& store, const std::string& folder) {
  std::int64_t count = 0;
  std::string after;
  while (true) {
    MARU_ASSIGN_OR_RETURN(const auto page, store.List(folder, false, after, kPage));
    count += static_cast<std::int64_t>(page.size());
    if (page.size() < kPage) return count;
    after = page.back().key;
  }
}

}  // namespace

Result<Collected> CollectGarbage(const config::Config& config, std::int64_t deleted_before_ms, bool dry_run) {
  MARU_ASSIGN_OR_RETURN(const OfflineData data, OpenOfflineData(config));
  MARU_ASSIGN_OR_RETURN(const std::set<std::string> needed, Needed(*data.database));
  Collected collected;
  MARU_ASSIGN_OR_RETURN(collected.garbage, tracking::FindGarbage(*data.database, needed, deleted_before_ms));
  for (const tracking::GarbageItem& item : collected.garbage.removable) {
    if (const std::string folder = OwnFolder(item, data.store->uri()); !folder.empty()) {
      MARU_ASSIGN_OR_RETURN(const std::int64_t count, CountBelow(*data.store, folder));
      collected.artifacts += count;
      if (!dry_run) MARU_RETURN_IF_ERROR(data.store->DeleteTree(folder));
    }
    if (!dry_run) MARU_RETURN_IF_ERROR(tracking::RemoveGarbage(*data.database, *data.events, item));
  }
  return collected;
}

}  // namespace maru::server
