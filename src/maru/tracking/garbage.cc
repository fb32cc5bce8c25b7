#include "maru/tracking/garbage.h"

#include <algorithm>

namespace maru::tracking {
namespace {

constexpr std::size_t kIdDigits = 32;

// A deleted experiment's runs are marked with it, its logged models are not.
constexpr std::string_view kDeletedModels =
    "SELECT m.id, m.model_id, e.workspace, m.artifact_uri FROM logged_models m JOIN experiments e ON e.id = "
    "m.experiment "
    "WHERE (m.deleted = 1 AND m.last_update_time < ?) OR (e.deleted = 1 AND e.last_update_time < ?) ORDER BY m.id";
constexpr std::string_view kDeletedRuns =
    "SELECT r.id, r.run_id, e.workspace, r.artifact_uri FROM runs r JOIN experiments e ON e.id = r.experiment "
    "WHERE r.deleted = 1 AND COALESCE(r.deleted_time, 0) < ? ORDER BY r.id";
constexpr std::string_view kDeletedExperiments =
    "SELECT id, workspace FROM experiments WHERE deleted = 1 AND last_update_time < ? AND id <> 0 ORDER BY id";
constexpr std::string_view kTakers =
    "SELECT r.run_id FROM run_models t JOIN runs r ON r.id = t.run WHERE t.output = 0 AND t.model_id = ?";
constexpr std::string_view kMade = "SELECT model_id FROM logged_models WHERE source_run_id = ?";
constexpr std::string_view kRunsOf = "SELECT run_id FROM runs WHERE experiment = ?";
constexpr std::string_view kModelsOf = "SELECT model_id FROM logged_models WHERE experiment = ?";

constexpr std::string_view kRunTables[] = {
    "DELETE FROM run_tags WHERE run = ?",      "DELETE FROM run_params WHERE run = ?",
    "DELETE FROM metric_log WHERE run = ?",    "DELETE FROM latest_metrics WHERE run = ?",
    "DELETE FROM metric_chunks WHERE run = ?", "DELETE FROM run_datasets WHERE run = ?",
    "DELETE FROM run_models WHERE run = ?",    "DELETE FROM runs WHERE id = ?",
};
constexpr std::string_view kModelTables[] = {
    "DELETE FROM logged_model_params WHERE model = ?",
    "DELETE FROM logged_model_tags WHERE model = ?",
    "DELETE FROM logged_model_metrics WHERE model = ?",
    "DELETE FROM logged_models WHERE id = ?",
};
constexpr std::string_view kExperimentTables[] = {
    "DELETE FROM experiment_tags WHERE experiment = ?",
    "DELETE FROM datasets WHERE experiment = ?",
    "DELETE FROM experiments WHERE id = ?",
};

std::string Text(const sql::Row& row) {
  return row.String(0);
}

class Search {
 public:
  Search(sql::Reader& reader, const std::set<std::string>& needed, std::int64_t before_ms)
      : reader_(reader), needed_(needed), before_ms_(before_ms) {}

  Result<Garbage> Run() {
    const auto item = [](GarbageKind kind) {
      return [kind](const sql::Row& row) {
        return GarbageItem{kind, row.Int(0), row.String(1), row.String(2), row.String(3), {}};
      };
    };
    MARU_ASSIGN_OR_RETURN(models_,
                          reader_.QueryAll(kDeletedModels, {before_ms_, before_ms_}, item(GarbageKind::kLoggedModel)));
    MARU_ASSIGN_OR_RETURN(runs_, reader_.QueryAll(kDeletedRuns, {before_ms_}, item(GarbageKind::kRun)));
    for (const GarbageItem& m : models_) candidates_.insert(m.id);
    for (const GarbageItem& r : runs_) candidates_.insert(r.id);
    // One that stays can make another stay, so look until nothing changes; chains are short.
    for (bool changed = true; changed;) {
      changed = false;
      for (GarbageItem& m : models_) {
        MARU_ASSIGN_OR_RETURN(const bool kept, KeepModel(m));
        changed |= kept;
      }
      for (GarbageItem& r : runs_) {
        MARU_ASSIGN_OR_RETURN(const bool kept, KeepRun(r));
        changed |= kept;
      }
    }
    Garbage garbage;
    for (auto* items : {&models_, &runs_}) {
      for (GarbageItem& i : *items) (i.needed_by.empty() ? garbage.removable : garbage.kept).push_back(std::move(i));
    }
    MARU_RETURN_IF_ERROR(AddExperiments(garbage));
    return garbage;
  }

 private:
  // It exists, or may, and nothing says that it goes.
  bool Stays(const std::string& id) const { return !candidates_.contains(id); }

  bool Keep(GarbageItem& item, std::string why) {
    item.needed_by = std::move(why);
    candidates_.erase(item.id);
    return true;
  }

  Result<bool> KeepModel(GarbageItem& model) {
    if (!model.needed_by.empty()) return false;
    if (needed_.contains(model.id)) return Keep(model, "a registered model version or an endpoint");
    MARU_ASSIGN_OR_RETURN(const auto takers, reader_.QueryAll(kTakers, {model.id}, Text));
    for (const std::string& run : takers) {
      if (Stays(run)) return Keep(model, "run " + run + ", which took it in");
    }
    return false;
  }

  Result<bool> KeepRun(GarbageItem& run) {
    if (!run.needed_by.empty()) return false;
    if (needed_.contains(run.id)) return Keep(run, "a registered model version or an endpoint");
    MARU_ASSIGN_OR_RETURN(const auto made, reader_.QueryAll(kMade, {run.id}, Text));
    for (const std::string& model : made) {
      if (Stays(model)) return Keep(run, "logged model " + model + ", which it made");
    }
    return false;
  }

  Status AddExperiments(Garbage& garbage) {
    MARU_ASSIGN_OR_RETURN(
        const auto experiments, reader_.QueryAll(kDeletedExperiments, {before_ms_}, [](const sql::Row& row) {
          return GarbageItem{GarbageKind::kExperiment, row.Int(0), std::to_string(row.Int(0)), row.String(1), "", {}};
        }));
    for (GarbageItem experiment : experiments) {
      for (const std::string_view sql : {kRunsOf, kModelsOf}) {
        MARU_ASSIGN_OR_RETURN(const auto ids, reader_.QueryAll(sql, {experiment.number}, Text));
        const auto staying = std::find_if(ids.begin(), ids.end(), [&](const std::string& id) { return Stays(id); });
        if (staying != ids.end()) experiment.needed_by = *staying + ", which is in it";
      }
      (experiment.needed_by.empty() ? garbage.removable : garbage.kept).push_back(std::move(experiment));
    }
    return OkStatus();
  }

  sql::Reader& reader_;
  const std::set<std::string>& needed_;
  const std::int64_t before_ms_;
  std::vector<GarbageItem> models_, runs_;
  std::set<std::string> candidates_;  // ids that go, as far as is known
};

}  // namespace

Result<Garbage> FindGarbage(sql::Database& database, const std::set<std::string>& needed,
                            std::int64_t deleted_before_ms) {
  Garbage garbage;
  MARU_RETURN_IF_ERROR(database.Read([&](sql::Reader& reader) -> Status {
    MARU_ASSIGN_OR_RETURN(garbage, Search(reader, needed, deleted_before_ms).Run());
    return OkStatus();
  }));
  return garbage;
}

Status RemoveGarbage(sql::Database& database, events::EventLog& events, const GarbageItem& item) {
  const Caller caller{.principal = "gc", .workspace = item.workspace};
  MARU_RETURN_IF_ERROR(database.Write([&](sql::Writer& writer) -> Status {
    const auto remove = [&](auto& tables, std::string_view noun) -> Status {
      for (const std::string_view sql : tables) MARU_RETURN_IF_ERROR(writer.Execute(sql, {item.number}).status());
      return events.Append(writer, caller, fmt::format("{}.removed", noun), fmt::format("{}/{}", noun, item.id));
    };
    switch (item.kind) {
      case GarbageKind::kLoggedModel:
        return remove(kModelTables, "logged_model");
      case GarbageKind::kRun:
        return remove(kRunTables, "run");
      case GarbageKind::kExperiment:
        return remove(kExperimentTables, "experiment");
    }
    return OkStatus();
  }));
  events.Announce();
  return OkStatus();
}

void AddIdsIn(std::string_view text, std::set<std::string>& out) {
  std::size_t digits = 0;
  for (std::size_t i = 0; i <= text.size(); ++i) {
    const char c = i < text.size() ? text[i] : '\0';
    if ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f')) {
      ++digits;
      continue;
    }
    if (digits == kIdDigits) {
      const std::size_t at = i - kIdDigits;
      out.emplace(text.substr(at, kIdDigits));
      if (at >= 2 && text.substr(at - 2, 2) == "m-") out.emplace(text.substr(at - 2, kIdDigits + 2));
    }
    digits = 0;
  }
}

}  // namespace maru::tracking
