#include "maru/tracking/run_reader.h"

#include <algorithm>
#include <unordered_map>

#include "maru/tracking/in_list.h"
#include "maru/tracking/metric_store.h"
#include "maru/tracking/tag_json.h"

namespace maru::tracking {
namespace {

constexpr std::size_t kRunsPerQuery = 4096;  // engines bound the number of parameters

class Loader {
 public:
  Loader(sql::Reader& reader, const NameTable& names, std::span<const std::int64_t> ids, std::span<Run> runs)
      : reader_(reader), names_(names), ids_(ids), list_(ids), runs_(runs) {
    for (std::size_t i = 0; i < ids.size(); ++i) place_.emplace(ids[i], i);
  }

  Status Load(RunParts parts) {
    MARU_RETURN_IF_ERROR(Infos());
    MARU_RETURN_IF_ERROR(Pairs("SELECT run, key, value FROM run_tags WHERE run IN ($)", &Run::tags));
    MARU_RETURN_IF_ERROR(Pairs("SELECT run, key, value FROM run_params WHERE run IN ($)", &Run::params));
    MARU_RETURN_IF_ERROR(Metrics());
    MARU_RETURN_IF_ERROR(Datasets());
    return Models(parts);
  }

 private:
  Run& Of(std::int64_t id) { return runs_[place_.find(id)->second]; }

  Status Infos() {
    return reader_.Query(
        list_.Sql("SELECT id, run_id, experiment, name, user_id, status, start_time, end_time, artifact_uri, deleted "
                  "FROM runs WHERE id IN ($)"),
        list_.args(), [&](const sql::Row& row) {
          RunInfo& info = Of(row.Int(0)).info;
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

  template <typename Pair>
  Status Pairs(std::string_view sql, std::vector<Pair> Run::* member) {
    return reader_.Query(list_.Sql(sql), list_.args(), [&](const sql::Row& row) -> Status {
      MARU_ASSIGN_OR_RETURN(std::string name, names_.NameOf(reader_, row.Int(1)));
      (Of(row.Int(0)).*member).push_back({std::move(name), row.String(2)});
      return OkStatus();
    });
  }

  Status Metrics() {
    std::vector<LatestMetric> latest;
    MARU_RETURN_IF_ERROR(MetricStore::ReadLatest(reader_, ids_, latest));
    for (const LatestMetric& m : latest) {
      MARU_ASSIGN_OR_RETURN(std::string name, names_.NameOf(reader_, m.key));
      Of(m.run).metrics.push_back({.key = std::move(name), .point = m.point});
    }
    return OkStatus();
  }

  Status Datasets() {
    return reader_.Query(
        list_.Sql(
            "SELECT i.run, i.tags, d.name, d.digest, d.source_type, d.source, d.schema, d.profile FROM run_datasets i "
            "JOIN datasets d ON d.id = i.dataset WHERE i.run IN ($)"),
        list_.args(), [&](const sql::Row& row) -> Status {
          DatasetInput input;
          MARU_ASSIGN_OR_RETURN(input.tags, json::Decode<std::vector<Tag>>(row.Text(1)));
          input.dataset = {.name = row.String(2),
                           .digest = row.String(3),
                           .source_type = row.String(4),
                           .source = row.String(5),
                           .schema = row.OptionalString(6),
                           .profile = row.OptionalString(7)};
          Of(row.Int(0)).datasets.push_back(std::move(input));
          return OkStatus();
        });
  }

  Status Models(RunParts parts) {
    return reader_.Query(list_.Sql("SELECT run, output, model_id, step FROM run_models WHERE run IN ($)"), list_.args(),
                         [&](const sql::Row& row) {
                           Run& run = Of(row.Int(0));
                           if (row.Bool(1))
                             run.model_outputs.push_back({row.String(2), row.Int(3)});
                           else if (parts == RunParts::kWithModelInputs)
                             run.model_inputs.push_back(row.String(2));
                           return OkStatus();
                         });
  }

  sql::Reader& reader_;
  const NameTable& names_;
  std::span<const std::int64_t> ids_;
  InList list_;
  std::span<Run> runs_;
  std::unordered_map<std::int64_t, std::size_t> place_;
};

}  // namespace

Status ReadRuns(sql::Reader& reader, const NameTable& names, std::span<const std::int64_t> ids, RunParts parts,
                std::vector<Run>& out) {
  const std::size_t start = out.size();
  out.resize(start + ids.size());
  for (std::size_t at = 0; at < ids.size(); at += kRunsPerQuery) {
    const std::size_t count = std::min(kRunsPerQuery, ids.size() - at);
    MARU_RETURN_IF_ERROR(
        Loader(reader, names, ids.subspan(at, count), std::span(out).subspan(start + at, count)).Load(parts));
  }
  return OkStatus();
}

}  // namespace maru::tracking
