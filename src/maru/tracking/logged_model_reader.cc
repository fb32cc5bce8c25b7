#include "maru/tracking/logged_model_reader.h"

#include <algorithm>
#include <cmath>
#include <unordered_map>

#include "maru/tracking/in_list.h"

namespace maru::tracking {
namespace {

constexpr std::size_t kModelsPerQuery = 4096;

Status ReadSome(sql::Reader& reader, std::span<const std::int64_t> ids, std::span<LoggedModel> models) {
  std::unordered_map<std::int64_t, LoggedModel*> by_id;
  for (std::size_t i = 0; i < ids.size(); ++i) by_id[ids[i]] = &models[i];
  const InList list(ids);
  MARU_RETURN_IF_ERROR(reader.Query(
      list.Sql("SELECT id, model_id, experiment, name, artifact_uri, creation_time, last_update_time, model_type, "
               "source_run_id, status FROM logged_models WHERE id IN ($)"),
      list.args(), [&](const sql::Row& row) {
        LoggedModel& m = *by_id[row.Int(0)];
        m.model_id = row.String(1);
        m.experiment_id = row.Int(2);
        m.name = row.String(3);
        m.artifact_uri = row.String(4);
        m.creation_time_ms = row.Int(5);
        m.last_update_time_ms = row.Int(6);
        m.model_type = row.String(7);
        m.source_run_id = row.String(8);
        m.status = static_cast<LoggedModelStatus>(row.Int(9));
        return OkStatus();
      }));
  MARU_RETURN_IF_ERROR(reader.Query(list.Sql("SELECT model, key, value FROM logged_model_tags WHERE model IN ($)"),
                                    list.args(), [&](const sql::Row& row) {
                                      by_id[row.Int(0)]->tags.push_back({row.String(1), row.String(2)});
                                      return OkStatus();
                                    }));
  MARU_RETURN_IF_ERROR(reader.Query(list.Sql("SELECT model, key, value FROM logged_model_params WHERE model IN ($)"),
                                    list.args(), [&](const sql::Row& row) {
                                      by_id[row.Int(0)]->params.push_back({row.String(1), row.String(2)});
                                      return OkStatus();
                                    }));
  return reader.Query(
      list.Sql(
          "SELECT m.model, m.key, m.is_nan, m.value, m.time_ms, m.step, m.run_id, m.dataset_name, m.dataset_digest, "
          "l.model_id FROM logged_model_metrics m JOIN logged_models l ON l.id = m.model WHERE m.model IN ($) "
          "ORDER BY m.id"),
      list.args(), [&](const sql::Row& row) {
        by_id[row.Int(0)]->metrics.push_back({.key = row.String(1),
                                              .point = {row.Bool(2) ? NAN : row.Real(3), row.Int(4), row.Int(5)},
                                              .model_id = row.String(9),
                                              .dataset_name = row.String(7),
                                              .dataset_digest = row.String(8),
                                              .run_id = row.String(6)});
        return OkStatus();
      });
}

}  // namespace

Status ReadLoggedModels(sql::Reader& reader, std::span<const std::int64_t> ids, std::vector<LoggedModel>& out) {
  const std::size_t start = out.size();
  out.resize(start + ids.size());
  for (std::size_t at = 0; at < ids.size(); at += kModelsPerQuery) {
    const std::size_t count = std::min(kModelsPerQuery, ids.size() - at);
    MARU_RETURN_IF_ERROR(ReadSome(reader, ids.subspan(at, count), std::span(out).subspan(start + at, count)));
  }
  return OkStatus();
}

}  // namespace maru::tracking
