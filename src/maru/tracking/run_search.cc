// Search of runs: conditions and orders become SQL from constant parts, with every value bound.
//
// Three plans, chosen by what is cheap to know:
//  - few runs match one condition: start from that condition's index, look up those runs, sort them;
//  - the first order is a metric: walk the metric's index by value, then runs where it is NaN, then runs without it;
//  - otherwise: walk the runs by start time, which is the order when none is asked for, and test each.
// A page thus costs about its own size, however many runs there are, unless the order needs all of them sorted.
#include <algorithm>
#include <memory>
#include <set>

#include "maru/filter/filter.h"
#include "maru/tracking/condition_sql.h"
#include "maru/tracking/in_list.h"
#include "maru/tracking/page_token.h"
#include "maru/tracking/run_reader.h"
#include "maru/tracking/run_service.h"
#include "maru/tracking/run_table.h"
#include "maru/tracking/validation.h"
#include "maru/tracking/value_hash.h"

namespace maru::tracking {
namespace {

using filter::Comparator;
using filter::Condition;
using filter::Entity;
using filter::OrderBy;

constexpr std::int64_t kMaxResults = 50'000;
// At so many matches walking the runs by time finds a page about as fast as sorting the matches does.
constexpr std::int64_t kFewMatches = 300;

constexpr std::string_view kStatusName =
    "(CASE r.status WHEN 1 THEN 'RUNNING' WHEN 2 THEN 'SCHEDULED' WHEN 3 THEN 'FINISHED' WHEN 4 THEN 'FAILED' "
    "ELSE 'KILLED' END)";

std::string_view AttributeColumn(std::string_view key) {
  if (key == "run_name") return "r.name";
  if (key == "status") return kStatusName;
  if (key == "run_id") return "r.run_id";
  if (key == "user_id") return "r.user_id";
  if (key == "artifact_uri") return "r.artifact_uri";
  if (key == "end_time") return "r.end_time";
  return "r.start_time";
}

bool IsNullTest(const Condition& c) {
  return c.comparator == Comparator::kIsNull || c.comparator == Comparator::kIsNotNull;
}

// A condition with its name's number.
struct Numbered {
  const Condition* condition;
  std::int64_t key = -1;
};

struct NumberedOrder {
  OrderBy order;
  std::int64_t key = -1;
};

std::string_view TableOf(Entity entity) {
  if (entity == Entity::kMetric) return "latest_metrics";
  return entity == Entity::kParam ? "run_params" : "run_tags";
}

class Search {
 public:
  Search(sql::Reader& reader, sql::Dialect dialect, std::vector<std::int64_t> experiments, ViewType view,
         std::vector<Numbered> conditions, std::vector<NumberedOrder> orders)
      : reader_(reader),
        dialect_(dialect),
        experiments_(std::move(experiments)),
        view_(view),
        conditions_(std::move(conditions)),
        orders_(std::move(orders)) {}

  // The numbers of the runs on a page.
  Result<std::vector<std::int64_t>> Page(std::int64_t offset, std::int64_t limit) {
    std::vector<std::int64_t> ids;
    if (MatchesNothing()) return ids;
    MARU_RETURN_IF_ERROR(ChooseDriver());
    const bool by_metric =
        !driver_ && !orders_.empty() && orders_[0].order.entity == Entity::kMetric && orders_[0].key >= 0;
    if (!by_metric) {
      MARU_RETURN_IF_ERROR(Append(Select(Start::kRuns), offset, limit, ids));
      return ids;
    }
    for (const Start start : {Start::kNumbers, Start::kNans, Start::kWithout}) {
      const std::size_t before = ids.size();
      MARU_RETURN_IF_ERROR(Append(Select(start), offset, limit - static_cast<std::int64_t>(before), ids));
      if (static_cast<std::int64_t>(ids.size()) == limit || start == Start::kWithout) break;
      if (ids.size() > before) {
        offset = 0;
      } else if (offset > 0) {
        MARU_ASSIGN_OR_RETURN(const std::int64_t count, Count(Select(start)));
        offset -= std::min(offset, count);
      }
    }
    return ids;
  }

  // How many runs match.
  Result<std::int64_t> Total() {
    if (MatchesNothing()) return 0;
    MARU_RETURN_IF_ERROR(ChooseDriver());
    SqlText sql(dialect_);
    sql << "SELECT r.id FROM ";
    if (driver_) sql << TableOf(driver_->condition->entity) << " d CROSS JOIN ";
    sql << "runs r WHERE ";
    AddMatching(sql);
    return Count(sql);
  }

 private:
  enum class Start { kRuns, kNumbers, kNans, kWithout };

  // What has no number was never logged.
  bool MatchesNothing() const {
    return std::any_of(conditions_.begin(), conditions_.end(), [](const Numbered& c) {
      return NeedsKey(c.condition->entity) && c.key < 0 && c.condition->comparator != Comparator::kIsNull;
    });
  }

  static bool NeedsKey(Entity e) { return e == Entity::kMetric || e == Entity::kParam || e == Entity::kTag; }

  // True when an index leads from the condition to its runs.
  static bool Indexed(const Condition& c) {
    if (c.entity == Entity::kMetric) return c.comparator != Comparator::kNotEqual;
    return (c.entity == Entity::kTag || c.entity == Entity::kParam) && c.comparator == Comparator::kEqual;
  }

  void AddExperiments(SqlText& sql, std::string_view column) const {
    if (experiments_.size() == 1) {
      (sql << column << " = ").Bind(experiments_[0]);
    } else {
      (sql << column << " IN ").BindList(experiments_);
    }
  }

  // The part that the condition's index answers, on the table with the alias `d`.
  void AddIndexed(SqlText& sql, const Numbered& c) const {
    AddExperiments(sql, "d.experiment");
    (sql << " AND d.key = ").Bind(c.key);
    if (c.condition->entity == Entity::kMetric) {
      sql << " AND d.is_nan = 0 AND ";
      sql.Compare("d.value", *c.condition);
    } else {
      (sql << " AND d.hash = ").Bind(HashOf(c.condition->Text()));
    }
  }

  Status ChooseDriver() {
    std::int64_t fewest = kFewMatches + 1;
    for (const Numbered& c : conditions_) {
      if (!Indexed(*c.condition)) continue;
      SqlText sql(dialect_);
      sql << "SELECT COUNT(*) FROM (SELECT 1 FROM " << TableOf(c.condition->entity) << " d WHERE ";
      AddIndexed(sql, c);
      (sql << " LIMIT ").Bind(fewest) << ") bounded";
      MARU_ASSIGN_OR_RETURN(const auto count,
                            reader_.QueryOne(sql.sql(), sql.args(), [](const sql::Row& row) { return row.Int(0); }));
      if (count && *count < fewest) {
        fewest = *count;
        driver_ = &c;
      }
    }
    return OkStatus();
  }

  SqlText Select(Start start) const {
    SqlText sql(dialect_);
    sql << "SELECT r.id FROM ";
    // CROSS JOIN because SQLite keeps its order.
    if (driver_)
      sql << TableOf(driver_->condition->entity) << " d CROSS JOIN runs r";
    else if (start == Start::kNumbers || start == Start::kNans)
      sql << "latest_metrics o CROSS JOIN runs r";
    else
      sql << "runs r";
    const std::size_t first_join = start == Start::kRuns ? 0 : 1;
    for (std::size_t i = first_join; i < orders_.size(); ++i) AddJoin(sql, i);
    sql << " WHERE ";
    if (start == Start::kNumbers || start == Start::kNans) {
      AddExperiments(sql, "o.experiment");
      (sql << " AND o.key = ").Bind(orders_[0].key);
      sql << (start == Start::kNans ? " AND o.is_nan = 1" : " AND o.is_nan = 0") << " AND r.id = o.run AND ";
    } else if (start == Start::kWithout) {
      (sql << "NOT EXISTS (SELECT 1 FROM latest_metrics w WHERE w.run = r.id AND w.key = ").Bind(orders_[0].key);
      sql << ") AND ";
    }
    AddMatching(sql);
    sql << " ORDER BY ";
    if (start == Start::kNumbers) sql << "o.value" << (orders_[0].order.ascending ? ", " : " DESC, ");
    bool by_start_time = false;
    for (std::size_t i = first_join; i < orders_.size(); ++i) AddOrder(sql, i, &by_start_time);
    sql << (by_start_time ? "r.run_id" : "r.start_time DESC, r.run_id");
    return sql;
  }

  // The runs asked for, whatever their order; `d` is the driver, when there is one.
  void AddMatching(SqlText& sql) const {
    if (driver_) {
      AddIndexed(sql, *driver_);
      sql << " AND r.id = d.run AND ";
    }
    AddExperiments(sql, "r.experiment");
    sql << (view_ == ViewType::kAll           ? " AND r.deleted IN (0, 1)"
            : view_ == ViewType::kDeletedOnly ? " AND r.deleted = 1"
                                              : " AND r.deleted = 0");
    for (const Numbered& c : conditions_) AddCondition(sql, c);
  }

  static std::string Alias(std::size_t i) { return fmt::format("o{}", i); }

  void AddJoin(SqlText& sql, std::size_t i) const {
    const NumberedOrder& o = orders_[i];
    if (!NeedsKey(o.order.entity)) return;
    const std::string alias = Alias(i);
    sql << " LEFT JOIN " << TableOf(o.order.entity) << " " << alias << " ON " << alias << ".run = r.id AND " << alias
        << ".key = ";
    sql.Bind(o.key);
  }

  void AddOrder(SqlText& sql, std::size_t i, bool* by_start_time) const {
    const OrderBy& order = orders_[i].order;
    const std::string_view direction = order.ascending ? ", " : " DESC, ";
    if (order.entity == Entity::kAttribute) {
      const std::string_view column = AttributeColumn(order.key);
      if (order.key == "end_time") sql << "CASE WHEN r.end_time IS NULL THEN 1 ELSE 0 END, ";
      if (order.key == "start_time") *by_start_time = true;
      sql << column << direction;
      return;
    }
    const std::string column = Alias(i) + ".value";
    if (order.entity == Entity::kMetric) {
      sql << "CASE WHEN " << Alias(i) << ".is_nan = 1 THEN 1 WHEN " << column << " IS NULL THEN 2 ELSE 0 END, ";
    } else {
      sql << "CASE WHEN " << column << " IS NULL THEN 1 ELSE 0 END, ";
    }
    sql << column << direction;
  }

  void AddCondition(SqlText& sql, const Numbered& c) const {
    const Condition& condition = *c.condition;
    switch (condition.entity) {
      case Entity::kAttribute:
        sql << " AND ";
        sql.Compare(AttributeColumn(condition.key), condition);
        return;
      case Entity::kDataset:
        sql << " AND EXISTS (SELECT 1 FROM run_datasets i JOIN datasets s ON s.id = i.dataset WHERE i.run = r.id AND ";
        sql.Compare(condition.key == "context"  ? "i.context"
                    : condition.key == "digest" ? "s.digest"
                                                : "s.name",
                    condition);
        sql << ")";
        return;
      default:
        break;
    }
    if (&c == driver_ && condition.entity == Entity::kMetric) return;  // answered whole by its index
    if (&c == driver_) {
      (sql << " AND d.value = ").BindText(condition.Text());  // the hash may lie
      return;
    }
    sql << (condition.comparator == Comparator::kIsNull ? " AND NOT EXISTS (SELECT 1 FROM "
                                                        : " AND EXISTS (SELECT 1 FROM ")
        << TableOf(condition.entity) << " t WHERE t.run = r.id AND t.key = ";
    sql.Bind(c.key);
    if (!IsNullTest(condition)) {
      if (condition.entity == Entity::kMetric && condition.comparator == Comparator::kNotEqual) {
        sql << " AND (t.is_nan = 1 OR ";  // NaN differs from every number
        sql.Compare("t.value", condition) << ")";
      } else {
        sql << (condition.entity == Entity::kMetric ? " AND t.is_nan = 0 AND " : " AND ");
        sql.Compare("t.value", condition);
      }
    }
    sql << ")";
  }

  Status Append(SqlText sql, std::int64_t offset, std::int64_t limit, std::vector<std::int64_t>& ids) const {
    (sql << " LIMIT ").Bind(limit);
    if (offset > 0) (sql << " OFFSET ").Bind(offset);
    return reader_.Query(sql.sql(), sql.args(), [&](const sql::Row& row) {
      ids.push_back(row.Int(0));
      return OkStatus();
    });
  }

  Result<std::int64_t> Count(const SqlText& sql) const {
    MARU_ASSIGN_OR_RETURN(const auto count,
                          reader_.QueryOne(fmt::format("SELECT COUNT(*) FROM ({}) counted", sql.sql()), sql.args(),
                                           [](const sql::Row& row) { return row.Int(0); }));
    return count.value_or(0);
  }

  sql::Reader& reader_;
  const sql::Dialect dialect_;
  const std::vector<std::int64_t> experiments_;
  const ViewType view_;
  const std::vector<Numbered> conditions_;
  const std::vector<NumberedOrder> orders_;
  const Numbered* driver_ = nullptr;
};

Result<std::vector<std::int64_t>> Visible(sql::Reader& reader, const Caller& caller,
                                          const std::vector<std::int64_t>& experiments) {
  const InList list(experiments);
  std::vector<sql::Args::Arg> args = list.args();
  args.emplace_back(caller.workspace);
  return reader.QueryAll(list.Sql("SELECT id FROM experiments WHERE id IN ($) AND workspace = ?"), args,
                         [](const sql::Row& row) { return row.Int(0); });
}

Result<std::vector<std::int64_t>> AllActive(sql::Reader& reader, const Caller& caller) {
  return reader.QueryAll("SELECT id FROM experiments WHERE workspace = ? AND deleted = 0", {caller.workspace},
                         [](const sql::Row& row) { return row.Int(0); });
}

// A search as the caller wrote it, parsed.
struct Question {
  std::vector<Condition> conditions;
  std::vector<OrderBy> orders;
  bool needs_latest = false;  // it looks at metrics
};

Result<Question> Understand(std::string_view filter, const std::vector<std::string>& order_by) {
  Question question;
  MARU_ASSIGN_OR_RETURN(question.conditions, filter::ParseFilter(filter, filter::RunSearch()));
  MARU_ASSIGN_OR_RETURN(question.orders, filter::ParseOrderBy(order_by, filter::RunSearch()));
  std::set<std::pair<Entity, std::string_view>> seen;
  for (const OrderBy& order : question.orders) {
    if (!seen.emplace(order.entity, order.key).second) {
      return InvalidArgument("`order_by` contains duplicate fields: {}", order.key);
    }
    question.needs_latest |= order.entity == Entity::kMetric;
  }
  for (const Condition& condition : question.conditions) {
    question.needs_latest |= condition.entity == Entity::kMetric;
  }
  return question;
}

// `question` must outlive the result.
Result<std::unique_ptr<Search>> Prepare(sql::Reader& reader, sql::Dialect dialect, const NameTable& names,
                                        std::vector<std::int64_t> experiments, ViewType view,
                                        const Question& question) {
  std::vector<Numbered> numbered;
  for (const Condition& c : question.conditions) {
    MARU_ASSIGN_OR_RETURN(const std::int64_t key, names.Find(reader, c.key));
    numbered.push_back({&c, key});
  }
  std::vector<NumberedOrder> orders;
  for (const OrderBy& o : question.orders) {
    MARU_ASSIGN_OR_RETURN(const std::int64_t key, names.Find(reader, o.key));
    orders.push_back({o, key});
  }
  return std::make_unique<Search>(reader, dialect, std::move(experiments), view, std::move(numbered),
                                  std::move(orders));
}

}  // namespace

Result<Page<Run>> RunService::Search(const Caller& caller, const RunQuery& query) {
  MARU_RETURN_IF_ERROR(ValidateMaxResults(query.max_results, kMaxResults));
  MARU_ASSIGN_OR_RETURN(const Question question, Understand(query.filter, query.order_by));
  MARU_ASSIGN_OR_RETURN(const std::int64_t offset, ParsePageToken(query.page_token));
  Page<Run> page;
  if (query.experiment_ids.empty()) return page;
  if (question.needs_latest) MARU_RETURN_IF_ERROR(metrics_.FoldExperiments(query.experiment_ids));

  MARU_RETURN_IF_ERROR(database_.Read([&](sql::Reader& reader) -> Status {
    MARU_ASSIGN_OR_RETURN(std::vector<std::int64_t> experiments, Visible(reader, caller, query.experiment_ids));
    if (experiments.empty()) return OkStatus();
    MARU_ASSIGN_OR_RETURN(const auto search,
                          Prepare(reader, database_.dialect(), names_, std::move(experiments), query.view, question));
    MARU_ASSIGN_OR_RETURN(std::vector<std::int64_t> ids, search->Page(offset, query.max_results + 1));
    if (static_cast<std::int64_t>(ids.size()) > query.max_results) {
      ids.pop_back();
      page.next_page_token = MakePageToken(offset + query.max_results);
    }
    return ReadRuns(reader, names_, ids, RunParts::kForSearch, page.items);
  }));
  return page;
}

Result<RunTable> RunService::Table(const Caller& caller, const TableQuery& query) {
  MARU_RETURN_IF_ERROR(ValidateMaxResults(query.limit, kMaxResults));
  if (query.offset < 0) return InvalidArgument("offset: expected 0 or more, got {}", query.offset);
  MARU_RETURN_IF_ERROR(CheckColumns(query.columns));
  MARU_ASSIGN_OR_RETURN(const Question question, Understand(query.filter, query.order_by));
  std::vector<std::int64_t> experiments;
  MARU_RETURN_IF_ERROR(database_.Read([&](sql::Reader& reader) -> Status {
    MARU_ASSIGN_OR_RETURN(experiments, query.experiment_ids.empty() ? AllActive(reader, caller)
                                                                    : Visible(reader, caller, query.experiment_ids));
    return OkStatus();
  }));
  RunTable table;
  for (const std::string& name : query.columns) table.columns.push_back({.name = name});
  if (experiments.empty()) return table;
  const bool shows_metrics = std::any_of(query.columns.begin(), query.columns.end(),
                                         [](const std::string& name) { return name.starts_with("metrics."); });
  if (question.needs_latest || shows_metrics) MARU_RETURN_IF_ERROR(metrics_.FoldExperiments(experiments));

  MARU_RETURN_IF_ERROR(database_.Read([&](sql::Reader& reader) -> Status {
    MARU_ASSIGN_OR_RETURN(const auto search,
                          Prepare(reader, database_.dialect(), names_, experiments, query.view, question));
    MARU_ASSIGN_OR_RETURN(const std::vector<std::int64_t> ids, search->Page(query.offset, query.limit));
    MARU_ASSIGN_OR_RETURN(table.total, search->Total());
    return ReadTable(reader, names_, ids, query.columns, table);
  }));
  return table;
}

}  // namespace maru::tracking
