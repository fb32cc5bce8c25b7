#include "maru/evaluation/scorer_service.h"

#include <absl/strings/ascii.h>

#include <algorithm>

#include "maru/base/ids.h"
#include "maru/evaluation/schema.h"
#include "maru/json/json.h"

namespace maru::evaluation {
namespace {

struct ScorerPayload {
  std::string experiment_id, name;
  std::optional<std::int64_t> version;
};
BOOST_DESCRIBE_STRUCT(ScorerPayload, (), (experiment_id, name, version))

#define MARU_SELECT_SCORERS                                                                                 \
  "SELECT s.experiment_id, s.name, s.scorer_id, v.version, v.definition, v.created_ms FROM scorers s JOIN " \
  "scorer_versions v "                                                                                      \
  "ON v.scorer = s.id "

ScorerVersion FromRow(const sql::Row& row) {
  return {row.String(0), row.String(1), row.String(2), row.Int(3), row.String(4), row.Int(5)};
}

Status NoScorer(std::string_view experiment_id, std::string_view name, std::optional<std::int64_t> version) {
  if (version) {
    return NotFound("Scorer with name '{}' and version {} not found for experiment {}.", name, *version, experiment_id);
  }
  return NotFound("Scorer with name '{}' not found for experiment {}.", name, experiment_id);
}

std::string Address(std::string_view experiment_id, std::string_view name) {
  return fmt::format("scorer/{}/{}", experiment_id, name);
}

}  // namespace

Result<std::unique_ptr<ScorerService>> ScorerService::Open(sql::Database& database, events::EventLog& events,
                                                           Experiments& experiments, const Clock* clock) {
  MARU_RETURN_IF_ERROR(sql::Migrate(database, "evaluation", Migrations()));
  return std::unique_ptr<ScorerService>(new ScorerService(database, events, experiments, clock));
}

Result<ScorerVersion> ScorerService::Register(const Caller& caller, std::string_view experiment_id,
                                              std::string_view name, std::string_view definition) {
  if (absl::StripAsciiWhitespace(absl::string_view(name.data(), name.size())).empty()) {
    return InvalidArgument("Scorer name cannot be empty or contain only whitespace.");
  }
  if (!json::Decode<json::Raw>(definition).ok()) return InvalidArgument("serialized_scorer must be valid JSON");
  MARU_RETURN_IF_ERROR(experiments_.CheckActive(caller, experiment_id));

  ScorerVersion made{std::string(experiment_id), std::string(name), "", 0, std::string(definition), clock_->NowMs()};
  const std::string new_id = NewUuidHex();
  MARU_RETURN_IF_ERROR(database_.Write([&](sql::Writer& writer) -> Status {
    MARU_RETURN_IF_ERROR(writer
                             .Execute("INSERT INTO scorers (workspace, experiment_id, name, scorer_id) "
                                      "VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
                                      {caller.workspace, experiment_id, name, new_id})
                             .status());
    struct Key {
      std::int64_t id, version;
      std::string scorer_id;
    };
    MARU_ASSIGN_OR_RETURN(
        const auto key,
        writer.QueryOne("UPDATE scorers SET last_version = last_version + 1 WHERE workspace = ? AND experiment_id = ? "
                        "AND name = ? RETURNING id, last_version, scorer_id",
                        {caller.workspace, experiment_id, name},
                        [](const sql::Row& row) { return Key{row.Int(0), row.Int(1), row.String(2)}; }));
    made.version = key->version;
    made.scorer_id = key->scorer_id;
    MARU_RETURN_IF_ERROR(writer
                             .Execute("INSERT INTO scorer_versions (scorer, version, definition, created_ms) "
                                      "VALUES (?, ?, ?, ?)",
                                      {key->id, key->version, definition, made.created_ms})
                             .status());
    return events_.Append(writer, caller, "scorer.registered", Address(experiment_id, name),
                          json::Encode(ScorerPayload{made.experiment_id, made.name, made.version}));
  }));
  events_.Announce();
  return made;
}

Result<std::vector<ScorerVersion>> ScorerService::List(const Caller& caller,
                                                       const std::vector<std::string>& experiment_ids) {
  std::vector<ScorerVersion> found;
  MARU_RETURN_IF_ERROR(database_.Read([&](sql::Reader& reader) -> Status {
    MARU_ASSIGN_OR_RETURN(
        found,
        reader.QueryAll(MARU_SELECT_SCORERS "WHERE s.workspace = ? AND NOT EXISTS (SELECT 1 FROM scorer_versions newer "
                                            "WHERE newer.scorer = v.scorer AND newer.version > v.version) "
                                            "ORDER BY s.experiment_id, s.name",
                        {caller.workspace}, FromRow));
    return OkStatus();
  }));
  if (!experiment_ids.empty()) {
    std::erase_if(found, [&](const ScorerVersion& scorer) {
      return std::find(experiment_ids.begin(), experiment_ids.end(), scorer.experiment_id) == experiment_ids.end();
    });
  }
  return found;
}

Result<std::vector<ScorerVersion>> ScorerService::Versions(const Caller& caller, std::string_view experiment_id,
                                                           std::string_view name) {
  std::vector<ScorerVersion> found;
  MARU_RETURN_IF_ERROR(database_.Read([&](sql::Reader& reader) -> Status {
    MARU_ASSIGN_OR_RETURN(
        found, reader.QueryAll(MARU_SELECT_SCORERS "WHERE s.workspace = ? AND s.experiment_id = ? AND s.name = ? "
                                                   "ORDER BY v.version",
                               {caller.workspace, experiment_id, name}, FromRow));
    return OkStatus();
  }));
  if (found.empty()) return NoScorer(experiment_id, name, {});
  return found;
}

Result<ScorerVersion> ScorerService::Get(const Caller& caller, std::string_view experiment_id, std::string_view name,
                                         std::optional<std::int64_t> version) {
  const Result<std::vector<ScorerVersion>> all = Versions(caller, experiment_id, name);
  if (!all.ok()) return all.status();
  if (!version) return all->back();
  for (const ScorerVersion& scorer : *all) {
    if (scorer.version == *version) return scorer;
  }
  return NoScorer(experiment_id, name, version);
}

Status ScorerService::Delete(const Caller& caller, std::string_view experiment_id, std::string_view name,
                             std::optional<std::int64_t> version) {
  MARU_RETURN_IF_ERROR(database_.Write([&](sql::Writer& writer) -> Status {
    MARU_ASSIGN_OR_RETURN(
        const auto id,
        writer.QueryOne("SELECT id FROM scorers WHERE workspace = ? AND experiment_id = ? AND name = ?",
                        {caller.workspace, experiment_id, name}, [](const sql::Row& row) { return row.Int(0); }));
    if (!id) return NoScorer(experiment_id, name, {});
    bool whole = !version;
    if (version) {
      MARU_ASSIGN_OR_RETURN(
          const std::int64_t gone,
          writer.Execute("DELETE FROM scorer_versions WHERE scorer = ? AND version = ?", {*id, *version}));
      if (gone == 0) return NoScorer(experiment_id, name, version);
      MARU_ASSIGN_OR_RETURN(const auto left, writer.QueryOne("SELECT COUNT(*) FROM scorer_versions WHERE scorer = ?",
                                                             {*id}, [](const sql::Row& row) { return row.Int(0); }));
      whole = left.value_or(0) == 0;
    }
    if (whole) MARU_RETURN_IF_ERROR(writer.Execute("DELETE FROM scorers WHERE id = ?", {*id}).status());
    return events_.Append(writer, caller, "scorer.deleted", Address(experiment_id, name),
                          json::Encode(ScorerPayload{std::string(experiment_id), std::string(name), version}));
  }));
  events_.Announce();
  return OkStatus();
}

}  // namespace maru::evaluation
