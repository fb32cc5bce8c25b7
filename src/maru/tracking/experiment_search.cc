#include <algorithm>
#include <unordered_map>

#include "maru/filter/filter.h"
#include "maru/tracking/condition_sql.h"
#include "maru/tracking/experiment_service.h"
#include "maru/tracking/in_list.h"
#include "maru/tracking/page_token.h"
#include "maru/tracking/validation.h"

namespace maru::tracking {
namespace {

using filter::Comparator;
using filter::Condition;
using filter::Entity;

constexpr std::int64_t kMaxResults = 50'000;
constexpr std::size_t kTagsPerQuery = 4096;  // experiments whose tags are read at once

// Text attributes keep to the comparators of mlflow/store/tracking/sqlalchemy_store.py.
Status AddAttribute(SqlText& sql, const Condition& condition) {
  if (condition.key == "experiment_id") {
    if (condition.comparator == Comparator::kLike || condition.comparator == Comparator::kILike) {
      return InvalidArgument("Invalid comparator for experiment_id: {}", filter::ComparatorName(condition.comparator));
    }
    std::vector<std::string> texts;
    if (const auto* list = std::get_if<std::vector<std::string>>(&condition.value))
      texts = *list;
    else
      texts = {condition.Text()};
    MARU_ASSIGN_OR_RETURN(const std::vector<std::int64_t> ids, ParseExperimentIds(texts));
    const bool negative = condition.comparator == Comparator::kNotEqual || condition.comparator == Comparator::kNotIn;
    sql << " AND e.id" << (negative ? " NOT IN " : " IN ");
    sql.BindList(ids);
    return OkStatus();
  }
  if (const auto* real = std::get_if<double>(&condition.value)) {
    return InvalidArgument("Invalid value for numeric attribute '{}': '{}'", condition.key, *real);
  }
  sql << " AND ";
  sql.Compare(fmt::format("e.{}", condition.key), condition);
  return OkStatus();
}

void AddTag(SqlText& sql, const Condition& condition) {
  sql << (condition.comparator == Comparator::kIsNull ? " AND NOT EXISTS" : " AND EXISTS")
      << " (SELECT 1 FROM experiment_tags t WHERE t.experiment = e.id AND t.key = ";
  sql.BindText(condition.key);
  if (condition.comparator != Comparator::kIsNull && condition.comparator != Comparator::kIsNotNull) {
    sql << " AND ";
    sql.Compare("t.value", condition);
  }
  sql << ")";
}

Status ReadTags(sql::Reader& reader, std::vector<Experiment>& experiments) {
  std::unordered_map<std::int64_t, Experiment*> by_id;
  std::vector<std::int64_t> ids;
  for (Experiment& e : experiments) {
    by_id[e.id] = &e;
    ids.push_back(e.id);
  }
  for (std::size_t at = 0; at < ids.size(); at += kTagsPerQuery) {
    const auto some = std::span<const std::int64_t>(ids).subspan(at, std::min(kTagsPerQuery, ids.size() - at));
    const InList list(some);
    MARU_RETURN_IF_ERROR(
        reader.Query(list.Sql("SELECT experiment, key, value FROM experiment_tags WHERE experiment IN ($)"),
                     list.args(), [&](const sql::Row& row) {
                       by_id[row.Int(0)]->tags.push_back({row.String(1), row.String(2)});
                       return OkStatus();
                     }));
  }
  return OkStatus();
}

}  // namespace

Result<Page<Experiment>> ExperimentService::Search(const Caller& caller, const ExperimentQuery& query) {
  MARU_RETURN_IF_ERROR(ValidateMaxResults(query.max_results, kMaxResults));
  MARU_ASSIGN_OR_RETURN(const auto conditions, filter::ParseFilter(query.filter, filter::ExperimentSearch()));
  MARU_ASSIGN_OR_RETURN(auto order, filter::ParseOrderBy(query.order_by, filter::ExperimentSearch()));
  MARU_ASSIGN_OR_RETURN(const std::int64_t offset, ParsePageToken(query.page_token));

  SqlText sql(database_.dialect());
  sql << "SELECT e.id, e.name, e.artifact_location, e.deleted, e.creation_time, e.last_update_time FROM experiments e "
         "WHERE e.workspace = ";
  sql.Bind(caller.workspace);
  if (query.view != ViewType::kAll) (sql << " AND e.deleted = ").Bind(query.view == ViewType::kDeletedOnly);
  for (const Condition& condition : conditions) {
    if (condition.entity == Entity::kTag)
      AddTag(sql, condition);
    else
      MARU_RETURN_IF_ERROR(AddAttribute(sql, condition));
  }
  if (order.empty()) {
    order = {{Entity::kAttribute, "creation_time", false}, {Entity::kAttribute, "experiment_id", true}};
  }
  sql << " ORDER BY ";
  bool by_id = false;
  for (const filter::OrderBy& o : order) {
    const bool is_id = o.key == "experiment_id";
    by_id |= is_id;
    sql << "e." << (is_id ? "id" : std::string_view(o.key)) << (o.ascending ? ", " : " DESC, ");
  }
  sql << (by_id ? "e.name" : "e.id DESC") << " LIMIT ";
  sql.Bind(query.max_results + 1) << " OFFSET ";
  sql.Bind(offset);

  Page<Experiment> page;
  MARU_RETURN_IF_ERROR(database_.Read([&](sql::Reader& reader) -> Status {
    MARU_ASSIGN_OR_RETURN(page.items, reader.QueryAll(sql.sql(), sql.args(), [](const sql::Row& row) {
      return Experiment{.id = row.Int(0),
                        .name = row.String(1),
                        .artifact_location = row.String(2),
                        .deleted = row.Bool(3),
                        .creation_time_ms = row.Int(4),
                        .last_update_time_ms = row.Int(5)};
    }));
    if (static_cast<std::int64_t>(page.items.size()) > query.max_results) {
      page.items.pop_back();
      page.next_page_token = MakePageToken(offset + query.max_results);
    }
    return ReadTags(reader, page.items);
  }));
  return page;
}

}  // namespace maru::tracking
