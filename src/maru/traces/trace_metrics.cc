#include "maru/traces/trace_metrics.h"

#include <algorithm>
#include <cmath>
#include <string_view>

#include "maru/traces/trace_condition.h"

namespace maru::traces {
namespace {

constexpr int kResultsMax = 10'000;

struct Dimension {
  std::string_view name, column;
};

struct Metric {
  MetricView view;
  std::string_view name, column;
  bool counts = false;  // only COUNT; otherwise every aggregation but COUNT
  bool sums = false;    // SUM too
  std::vector<Dimension> dimensions;
};

const std::vector<Metric>& Metrics() {
  using V = MetricView;
  static const std::vector<Dimension> kName = {{"trace_name", "t.name"}};
  static const std::vector<Dimension> kModel = {{"span_model_name", "s.model_name"},
                                                {"span_model_provider", "s.model_provider"}};
  static const std::vector<Metric> metrics = {
      {V::kTraces, "trace_count", "t.id", true, false, {{"trace_name", "t.name"}, {"trace_status", "t.state"}}},
      {V::kTraces, "session_count", "t.session_id", true, false, {}},
      {V::kTraces, "latency", "t.execution_ms", false, false, kName},
      {V::kTraces, "input_tokens", "t.input_tokens", false, true, kName},
      {V::kTraces, "output_tokens", "t.output_tokens", false, true, kName},
      {V::kTraces, "total_tokens", "t.total_tokens", false, true, kName},
      {V::kTraces, "cache_read_input_tokens", "t.cache_read_input_tokens", false, true, kName},
      {V::kTraces, "cache_creation_input_tokens", "t.cache_creation_input_tokens", false, true, kName},
      {V::kSpans,
       "span_count",
       "s.start_ns",
       true,
       false,
       {{"span_name", "s.name"},
        {"span_type", "s.type"},
        {"span_status", "s.status"},
        {"span_model_name", "s.model_name"},
        {"span_model_provider", "s.model_provider"}}},
      {V::kSpans,
       "latency",
       "(s.end_ns - s.start_ns) / 1000000",
       false,
       false,
       {{"span_name", "s.name"}, {"span_status", "s.status"}}},
      {V::kSpans, "input_cost", "s.input_cost", false, true, kModel},
      {V::kSpans, "output_cost", "s.output_cost", false, true, kModel},
      {V::kSpans, "total_cost", "s.total_cost", false, true, kModel},
      {V::kAssessments,
       "assessment_count",
       "a.valid",
       true,
       false,
       {{"assessment_name", "a.name"}, {"assessment_value", "a.value"}}},
      {V::kAssessments, "assessment_value", "a.number", false, false, {{"assessment_name", "a.name"}}},
  };
  return metrics;
}

Result<const Metric*> FindMetric(const MetricQuery& query) {
  std::string names;
  for (const Metric& metric : Metrics()) {
    if (metric.view != query.view) continue;
    if (metric.name == query.metric) return &metric;
    names += fmt::format("{}'{}'", names.empty() ? "" : ", ", metric.name);
  }
  return InvalidArgument("metric_name must be one of [{}], got '{}'", names, query.metric);
}

Status CheckAggregations(const Metric& metric, const MetricQuery& query) {
  if (query.aggregations.empty()) return InvalidArgument("Missing value for required parameter 'aggregations'.");
  for (const MetricAggregation& a : query.aggregations) {
    const bool fine = metric.counts ? a.type == Aggregation::kCount
                                    : a.type != Aggregation::kCount && (a.type != Aggregation::kSum || metric.sums);
    if (!fine) return InvalidArgument("metric '{}' does not support this aggregation", query.metric);
    if (a.type == Aggregation::kPercentile && !(a.percentile >= 0 && a.percentile <= 100)) {
      return InvalidArgument("Percentile value must be between 0 and 100, got {}", a.percentile);
    }
  }
  return OkStatus();
}

std::string_view Trim(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

std::string_view Unquote(std::string_view text, std::string_view quotes) {
  const bool quoted =
      text.size() >= 2 && text.front() == text.back() && quotes.find(text.front()) != std::string_view::npos;
  return quoted ? text.substr(1, text.size() - 2) : text;
}

// "trace.tag.<key> = 'v'" and the like. Conditions on traces join `of_traces`; the others are columns of the view.
Status ReadFilter(std::string_view text, MetricView view, std::vector<filter::Condition>& of_traces,
                  std::vector<std::pair<std::string_view, std::string>>& of_view) {
  const auto bad = [&] {
    return InvalidArgument("Invalid filter: '{}'. Expected one comparison such as trace.status = 'OK'.", text);
  };
  const std::size_t equals = text.find('=');
  if (equals == std::string_view::npos || equals == 0 || text[equals - 1] == '!') return bad();
  const std::string_view left = Trim(text.substr(0, equals)), right = Trim(text.substr(equals + 1));
  const std::string value(Unquote(right, "'\""));
  if (right.size() < 2 || value.size() != right.size() - 2) return bad();
  const std::size_t dot = left.find('.');
  if (dot == std::string_view::npos) return bad();
  const std::string_view noun = left.substr(0, dot);
  std::string_view entity = left.substr(dot + 1), key;
  if (const std::size_t second = entity.find('.'); second != std::string_view::npos) {
    key = Unquote(entity.substr(second + 1), "`'\"");
    entity = entity.substr(0, second);
  }
  const auto trace = [&](filter::Entity e, std::string_view k) {
    of_traces.push_back({e, std::string(k), filter::Comparator::kEqual, value});
    return OkStatus();
  };
  if (noun == "trace") {
    if (entity == "status" && key.empty()) return trace(filter::Entity::kAttribute, "status");
    if (entity == "tag" && !key.empty()) return trace(filter::Entity::kTag, key);
    if (entity == "metadata" && !key.empty()) return trace(filter::Entity::kMetadata, key);
    return bad();
  }
  std::string_view column;
  if (noun == "span" && view == MetricView::kSpans) {
    if (entity == "name") column = "s.name";
    if (entity == "status") column = "s.status";
    if (entity == "type") column = "s.type";
  }
  if (noun == "assessment" && view == MetricView::kAssessments) {
    if (entity == "name") column = "a.name";
    if (entity == "type") column = "a.kind";
  }
  if (column.empty() || !key.empty()) return bad();
  of_view.emplace_back(column, value);
  return OkStatus();
}

// The values of one group, in ascending order where that matters.
struct Group {
  std::int64_t count = 0, distinct = 0;
  double sum = 0, min = 0, max = 0;
  std::vector<double> values;  // only for percentiles
  std::string last_text;

  void Add(const sql::Row& row, int column, bool keep) {
    if (count == 0 || row.Text(column) != last_text) ++distinct;
    last_text = row.Text(column);
    const double value = row.Real(column);
    min = count == 0 ? value : std::min(min, value);
    max = count == 0 ? value : std::max(max, value);
    sum += value;
    ++count;
    if (keep) values.push_back(value);
  }

  std::optional<double> Get(const MetricAggregation& a, bool distinct_only) const {
    if (a.type == Aggregation::kCount) return static_cast<double>(distinct_only ? distinct : count);
    if (count == 0) return std::nullopt;
    switch (a.type) {
      case Aggregation::kSum:
        return sum;
      case Aggregation::kAverage:
        return sum / static_cast<double>(count);
      case Aggregation::kMin:
        return min;
      case Aggregation::kMax:
        return max;
      default:
        break;
    }
    const double place = a.percentile / 100 * static_cast<double>(values.size() - 1);
    const auto below = static_cast<std::size_t>(place);
    const std::size_t above = std::min(below + 1, values.size() - 1);
    return values[below] + (values[above] - values[below]) * (place - static_cast<double>(below));
  }
};

}  // namespace

Result<std::vector<MetricPoint>> QueryMetrics(sql::Database& database, const Caller& caller, const MetricQuery& query) {
  MARU_ASSIGN_OR_RETURN(const Metric* metric, FindMetric(query));
  MARU_RETURN_IF_ERROR(CheckAggregations(*metric, query));
  if (query.experiment_ids.empty()) return InvalidArgument("Missing value for required parameter 'experiment_ids'.");
  if (query.max_results < 1 || query.max_results > kResultsMax) {
    return InvalidArgument("max_results must be between 1 and {}, got {}", kResultsMax, query.max_results);
  }
  if (query.interval_s && (!query.start_ms || !query.end_ms)) {
    return InvalidArgument("start_time_ms and end_time_ms are required if time_interval_seconds is set");
  }
  if (query.interval_s && (*query.interval_s < 1 || *query.interval_s > 1'000'000'000)) {
    return InvalidArgument("time_interval_seconds must be a positive number of seconds, got {}", *query.interval_s);
  }
  std::vector<std::string> keys;  // expressions that make a group
  const std::string time = query.view == MetricView::kSpans ? "(s.start_ns / 1000000)" : "t.request_time_ms";
  if (query.interval_s) keys.push_back(fmt::format("{} / {}", time, *query.interval_s * 1000));
  for (const std::string& wanted : query.dimensions) {
    const auto found = std::find_if(metric->dimensions.begin(), metric->dimensions.end(),
                                    [&](const Dimension& d) { return d.name == wanted; });
    if (found == metric->dimensions.end())
      return InvalidArgument("metric '{}' does not support the dimension '{}'", query.metric, wanted);
    keys.emplace_back(found->column);
  }
  std::vector<filter::Condition> of_traces;
  std::vector<std::pair<std::string_view, std::string>> of_view;
  for (const std::string& text : query.filters) MARU_RETURN_IF_ERROR(ReadFilter(text, query.view, of_traces, of_view));

  SqlText sql;
  sql << "SELECT ";
  for (const std::string& key : keys) sql << key << ", ";
  sql << metric->column << " FROM traces t ";
  if (query.view == MetricView::kSpans) sql << "JOIN trace_spans s ON s.trace = t.id ";
  if (query.view == MetricView::kAssessments) sql << "JOIN trace_assessments a ON a.trace = t.id AND a.valid = 1 ";
  sql << "WHERE ";
  MARU_RETURN_IF_ERROR(AppendWhere(sql, database.dialect(), caller.workspace, query.experiment_ids, of_traces));
  for (const auto& [column, value] : of_view) {
    sql << " AND " << column << " = ?";
    sql.Bind(value);
  }
  if (query.start_ms) {
    sql << " AND " << time << " >= ?";
    sql.Bind(*query.start_ms);
  }
  if (query.end_ms) {
    sql << " AND " << time << " <= ?";
    sql.Bind(*query.end_ms);
  }
  sql << " AND " << metric->column << " IS NOT NULL";
  for (std::size_t i = query.interval_s ? 1 : 0; i < keys.size(); ++i) sql << " AND " << keys[i] << " IS NOT NULL";
  sql << " ORDER BY ";
  for (const std::string& key : keys) sql << key << ", ";
  sql << metric->column;

  const bool keep = std::any_of(query.aggregations.begin(), query.aggregations.end(),
                                [](const auto& a) { return a.type == Aggregation::kPercentile; });
  const bool distinct_only = query.metric == "session_count";
  std::vector<MetricPoint> points;
  Group group;
  const auto close = [&] {
    for (const MetricAggregation& a : query.aggregations) points.back().values.push_back(group.Get(a, distinct_only));
    group = {};
  };
  const auto value_column = static_cast<int>(keys.size());
  bool full = false;
  MARU_RETURN_IF_ERROR(database.Read([&](sql::Reader& r) {
    return r.Query(sql.text(), sql.args(), [&](const sql::Row& row) -> Status {
      if (full) return OkStatus();
      int column = 0;
      std::optional<std::int64_t> bucket;
      if (query.interval_s) bucket = row.Int(column++) * *query.interval_s * 1000;
      bool same = !points.empty() && points.back().bucket_ms == bucket;
      for (std::size_t i = 0; same && i < query.dimensions.size(); ++i) {
        same = row.Text(column + static_cast<int>(i)) == points.back().dimensions[i];
      }
      if (!same) {
        if (!points.empty()) close();
        if (points.size() == static_cast<std::size_t>(query.max_results)) {
          full = true;
          return OkStatus();
        }
        MetricPoint& point = points.emplace_back();
        point.bucket_ms = bucket;
        for (std::size_t i = 0; i < query.dimensions.size(); ++i)
          point.dimensions.push_back(row.String(column + static_cast<int>(i)));
      }
      group.Add(row, value_column, keep);
      return OkStatus();
    });
  }));
  // Nothing counted is a count of nothing, where there are no groups.
  if (points.empty() && keys.empty() && metric->counts) points.emplace_back();
  if (!points.empty() && !full) close();
  return points;
}

}  // namespace maru::traces
