// Search of logged models by attributes, params, tags and the metrics measured on them.
#include "maru/filter/filter.h"
#include "maru/tracking/condition_sql.h"
#include "maru/tracking/logged_model_reader.h"
#include "maru/tracking/page_token.h"
#include "maru/tracking/validation.h"

namespace maru::tracking {
namespace {

using filter::Condition;
using filter::Entity;

constexpr std::int64_t kMaxResults = 50'000;

std::string_view AttributeColumn(std::string_view key) {
  if (key == "name") return "m.name";
  if (key == "model_id") return "m.model_id";
  if (key == "model_type") return "m.model_type";
  if (key == "status")
    return "(CASE m.status WHEN 1 THEN 'PENDING' WHEN 2 THEN 'READY' WHEN 3 THEN 'FAILED' ELSE 'UNSPECIFIED' END)";
  if (key == "source_run_id") return "m.source_run_id";
  if (key == "artifact_location") return "m.artifact_uri";
  if (key == "experiment_id") return "CAST(m.experiment AS TEXT)";
  if (key == "creation_timestamp") return "m.creation_time";
  return "m.last_update_time";
}

// ` AND (the metric was measured on one of these)`, nothing when there are none.
void AddDatasets(SqlText& sql, const std::vector<DatasetFilter>& datasets) {
  if (datasets.empty()) return;
  sql << " AND (";
  for (std::size_t i = 0; i < datasets.size(); ++i) {
    (sql << (i > 0 ? " OR " : "") << "(x.dataset_name = ").BindText(datasets[i].name);
    if (!datasets[i].digest.empty()) (sql << " AND x.dataset_digest = ").BindText(datasets[i].digest);
    sql << ")";
  }
  sql << ")";
}

void AddCondition(SqlText& sql, const Condition& condition, const std::vector<DatasetFilter>& datasets) {
  sql << " AND ";
  switch (condition.entity) {
    case Entity::kMetric:
      (sql << "EXISTS (SELECT 1 FROM logged_model_metrics x WHERE x.model = m.id AND x.key = ").BindText(condition.key);
      sql << " AND x.is_nan = 0 AND ";
      sql.Compare("x.value", condition);
      AddDatasets(sql, datasets);
      sql << ")";
      return;
    case Entity::kParam:
    case Entity::kTag:
      sql << "EXISTS (SELECT 1 FROM "
          << (condition.entity == Entity::kTag ? "logged_model_tags" : "logged_model_params")
          << " t WHERE t.model = m.id AND t.key = ";
      sql.BindText(condition.key) << " AND ";
      sql.Compare("t.value", condition) << ")";
      return;
    default:
      sql.Compare(AttributeColumn(condition.key), condition);
  }
}

// The metric's latest value on the dataset, for ordering.
Status AddOrder(SqlText& sql, const LoggedModelOrder& order, bool* by_time, bool* by_id) {
  const std::string_view direction = order.ascending ? ", " : " DESC, ";
  if (!order.dataset_digest.empty() && order.dataset_name.empty()) {
    return InvalidArgument("`dataset_digest` can only be specified if `dataset_name` is also specified.");
  }
  if (const std::size_t dot = order.field.find('.'); dot != std::string::npos) {
    const std::string entity = order.field.substr(0, dot);
    if (entity != "metrics") {
      return InvalidArgument("Invalid order by field name: {}, only `metrics.<name>` is allowed.", entity);
    }
    const auto latest = [&] {
      (sql << "(SELECT x.value FROM logged_model_metrics x WHERE x.model = m.id AND x.key = ")
          .BindText(order.field.substr(dot + 1));
      if (!order.dataset_name.empty()) (sql << " AND x.dataset_name = ").BindText(order.dataset_name);
      if (!order.dataset_digest.empty()) (sql << " AND x.dataset_digest = ").BindText(order.dataset_digest);
      sql << " ORDER BY x.time_ms DESC, x.step DESC, x.run_id LIMIT 1)";
    };
    sql << "CASE WHEN ";
    latest();
    sql << " IS NULL THEN 1 ELSE 0 END, ";
    latest();
    sql << direction;
    return OkStatus();
  }
  MARU_ASSIGN_OR_RETURN(const filter::OrderBy parsed, [&]() -> Result<filter::OrderBy> {
    auto found = filter::ParseOrderBy(order.field, filter::LoggedModelSearch());
    if (!found.ok()) return InvalidArgument("Invalid order by field name: {}", order.field);
    return found;
  }());
  *by_time |= parsed.key == "creation_timestamp";
  *by_id |= parsed.key == "model_id";
  sql << AttributeColumn(parsed.key) << direction;
  return OkStatus();
}

}  // namespace

Result<Page<LoggedModel>> LoggedModelService::Search(const Caller& caller, const LoggedModelQuery& query) {
  MARU_RETURN_IF_ERROR(ValidateMaxResults(query.max_results, kMaxResults));
  MARU_ASSIGN_OR_RETURN(const auto conditions, filter::ParseFilter(query.filter, filter::LoggedModelSearch()));
  MARU_ASSIGN_OR_RETURN(const std::int64_t offset, ParsePageToken(query.page_token));
  bool by_metric = false;
  for (const DatasetFilter& d : query.datasets) {
    if (d.name.empty()) return InvalidArgument("`dataset_name` in the `datasets` clause must be specified.");
  }
  SqlText sql(database_.dialect());
  sql << "SELECT m.id FROM logged_models m JOIN experiments e ON e.id = m.experiment WHERE e.workspace = ";
  sql.Bind(caller.workspace) << " AND m.experiment IN ";
  sql.BindList(query.experiment_ids) << " AND m.deleted = 0";
  for (const Condition& condition : conditions) {
    by_metric |= condition.entity == Entity::kMetric;
    AddCondition(sql, condition, query.datasets);
  }
  if (!by_metric && !query.datasets.empty()) {
    sql << " AND EXISTS (SELECT 1 FROM logged_model_metrics x WHERE x.model = m.id";
    AddDatasets(sql, query.datasets);
    sql << ")";
  }
  sql << " ORDER BY ";
  bool by_time = false, by_id = false;
  for (const LoggedModelOrder& order : query.order_by) MARU_RETURN_IF_ERROR(AddOrder(sql, order, &by_time, &by_id));
  if (!by_time) sql << "m.creation_time DESC, ";
  if (!by_id) sql << "m.model_id, ";
  (sql << "m.id LIMIT ").Bind(query.max_results + 1) << " OFFSET ";
  sql.Bind(offset);

  Page<LoggedModel> page;
  MARU_RETURN_IF_ERROR(database_.Read([&](sql::Reader& reader) -> Status {
    page = {};
    MARU_ASSIGN_OR_RETURN(auto ids,
                          reader.QueryAll(sql.sql(), sql.args(), [](const sql::Row& row) { return row.Int(0); }));
    if (static_cast<std::int64_t>(ids.size()) > query.max_results) {
      ids.pop_back();
      page.next_page_token = MakePageToken(offset + query.max_results);
    }
    return ReadLoggedModels(reader, ids, page.items);
  }));
  return page;
}

}  // namespace maru::tracking
