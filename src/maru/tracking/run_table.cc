#include "maru/tracking/run_table.h"

#include <unordered_map>

#include "maru/tracking/in_list.h"
#include "maru/tracking/run_service.h"

namespace maru::tracking {
namespace {

constexpr std::string_view kMetrics = "metrics.";
constexpr std::string_view kParams = "params.";
constexpr std::string_view kTags = "tags.";

// The distinct keys of an experiment, by hopping from one to the next along an index instead of reading every row: the
// loose index scan that neither engine does by itself (https://wiki.postgresql.org/wiki/Loose_indexscan).
constexpr char kMetricKeys[] =
    "WITH RECURSIVE hop(key) AS (SELECT MIN(key) FROM latest_metrics WHERE experiment = ? UNION ALL "
    "SELECT (SELECT MIN(t.key) FROM latest_metrics t WHERE t.experiment = ? AND t.key > hop.key) FROM hop "
    "WHERE hop.key IS NOT NULL) SELECT key FROM hop WHERE key IS NOT NULL LIMIT ?";
constexpr char kParamKeys[] =
    "WITH RECURSIVE hop(key) AS (SELECT MIN(key) FROM run_params WHERE experiment = ? UNION ALL "
    "SELECT (SELECT MIN(t.key) FROM run_params t WHERE t.experiment = ? AND t.key > hop.key) FROM hop "
    "WHERE hop.key IS NOT NULL) SELECT key FROM hop WHERE key IS NOT NULL LIMIT ?";
constexpr char kTagKeys[] =
    "WITH RECURSIVE hop(key) AS (SELECT MIN(key) FROM run_tags WHERE experiment = ? UNION ALL "
    "SELECT (SELECT MIN(t.key) FROM run_tags t WHERE t.experiment = ? AND t.key > hop.key) FROM hop "
    "WHERE hop.key IS NOT NULL) SELECT key FROM hop WHERE key IS NOT NULL LIMIT ?";

using Places = std::unordered_map<std::int64_t, std::size_t>;

Status ReadInfos(sql::Reader& reader, const InList& list, const Places& places, std::vector<RunInfo>& out) {
  return reader.Query(
      list.Sql("SELECT id, run_id, experiment, name, user_id, status, start_time, end_time, artifact_uri, deleted "
               "FROM runs WHERE id IN ($)"),
      list.args(), [&](const sql::Row& row) {
        RunInfo& info = out[places.at(row.Int(0))];
        info.run_id = row.String(1);
        info.experiment_id = row.Int(2);
        info.name = row.String(3);
        info.user_id = row.String(4);
        info.status = static_cast<RunStatus>(row.Int(5));
        info.start_time_ms = row.Int(6);
        info.end_time_ms = row.OptionalInt(7);
        info.artifact_uri = row.String(8);
        info.deleted = row.Bool(9);
        return OkStatus();
      });
}

Status ReadColumn(sql::Reader& reader, const NameTable& names, const InList& list, const Places& places,
                  TableColumn& column) {
  const std::string_view name = column.name;
  column.numeric = name.starts_with(kMetrics);
  column.numbers.resize(column.numeric ? places.size() : 0);
  column.texts.resize(column.numeric ? 0 : places.size());
  MARU_ASSIGN_OR_RETURN(const std::int64_t key, names.Find(reader, name.substr(name.find('.') + 1)));
  std::vector<sql::Args::Arg> args = list.args();
  args.emplace_back(key);
  if (column.numeric) {
    return reader.Query(list.Sql("SELECT run, value, is_nan FROM latest_metrics WHERE run IN ($) AND key = ?"), args,
                        [&](const sql::Row& row) {
                          column.numbers[places.at(row.Int(0))] =
                              row.Bool(2) ? std::numeric_limits<double>::quiet_NaN() : row.Real(1);
                          return OkStatus();
                        });
  }
  args.insert(args.begin(), sql::Args::Arg(kTableTextMax));
  return reader.Query(list.Sql(name.starts_with(kParams)
                                   ? "SELECT run, SUBSTR(value, 1, ?) FROM run_params WHERE run IN ($) AND key = ?"
                                   : "SELECT run, SUBSTR(value, 1, ?) FROM run_tags WHERE run IN ($) AND key = ?"),
                      args, [&](const sql::Row& row) {
                        column.texts[places.at(row.Int(0))] = row.String(1);
                        return OkStatus();
                      });
}

}  // namespace

Status CheckColumns(const std::vector<std::string>& columns) {
  for (const std::string_view column : columns) {
    if (!column.starts_with(kMetrics) && !column.starts_with(kParams) && !column.starts_with(kTags)) {
      return InvalidArgument("columns: \"{}\" is none; a column is called metrics.KEY, params.KEY or tags.KEY", column);
    }
  }
  return OkStatus();
}

Status ReadTable(sql::Reader& reader, const NameTable& names, std::span<const std::int64_t> ids,
                 const std::vector<std::string>& columns, RunTable& out) {
  const InList list(ids);
  Places places;
  for (std::size_t i = 0; i < ids.size(); ++i) places.emplace(ids[i], i);
  out.runs.assign(ids.size(), {});
  out.columns.clear();
  MARU_RETURN_IF_ERROR(ReadInfos(reader, list, places, out.runs));
  for (const std::string& name : columns) {
    TableColumn& column = out.columns.emplace_back();
    column.name = name;
    MARU_RETURN_IF_ERROR(ReadColumn(reader, names, list, places, column));
  }
  return OkStatus();
}

Result<KeyNames> ReadKeyNames(sql::Reader& reader, const NameTable& names, std::int64_t experiment,
                              std::int64_t limit) {
  KeyNames found;
  const auto read = [&](const char* sql, std::vector<std::string>& to) -> Status {
    MARU_ASSIGN_OR_RETURN(const auto keys, reader.QueryAll(sql, {experiment, experiment, limit + 1},
                                                           [](const sql::Row& row) { return row.Int(0); }));
    for (const std::int64_t key : keys) {
      if (static_cast<std::int64_t>(to.size()) == limit) {
        found.more = true;
        break;
      }
      MARU_ASSIGN_OR_RETURN(to.emplace_back(), names.NameOf(reader, key));
    }
    return OkStatus();
  };
  MARU_RETURN_IF_ERROR(read(kMetricKeys, found.metrics));
  MARU_RETURN_IF_ERROR(read(kParamKeys, found.params));
  MARU_RETURN_IF_ERROR(read(kTagKeys, found.tags));
  return found;
}

Result<KeyNames> RunService::Keys(const Caller& caller, std::int64_t experiment_id, std::int64_t limit) {
  const std::int64_t ids[] = {experiment_id};
  MARU_RETURN_IF_ERROR(metrics_.FoldExperiments(ids));
  KeyNames found;
  MARU_RETURN_IF_ERROR(database_.Read([&](sql::Reader& reader) -> Status {
    MARU_ASSIGN_OR_RETURN(
        const auto visible,
        reader.QueryOne("SELECT id FROM experiments WHERE id = ? AND workspace = ?", {experiment_id, caller.workspace},
                        [](const sql::Row& row) { return row.Int(0); }));
    if (!visible) return NotFound("there is no experiment {}", experiment_id);
    MARU_ASSIGN_OR_RETURN(found, ReadKeyNames(reader, names_, experiment_id, limit));
    return OkStatus();
  }));
  return found;
}

}  // namespace maru::tracking
