// TraceService: searching.
#include <absl/strings/escaping.h>

#include <charconv>
#include <cmath>

#include "maru/traces/trace_condition.h"
#include "maru/traces/trace_rows.h"
#include "maru/traces/trace_service.h"

namespace maru::traces {
namespace {

constexpr int kResultsMax = 500;

// Where the next page begins. In the usual order that is a place in the index, so that the last page costs what the
// first does; in any other it is a number of rows.
struct PageToken {
  std::int64_t offset = 0;
  std::optional<std::int64_t> after_time_ms;
  std::string after_id;
};

std::string Encode(const PageToken& token) {
  const std::string text = token.after_time_ms ? fmt::format("t{}:{}", *token.after_time_ms, token.after_id)
                                               : fmt::format("o{}", token.offset);
  return absl::WebSafeBase64Escape(text);
}

Result<PageToken> Decode(const std::string& text) {
  PageToken token;
  if (text.empty()) return token;
  std::string plain;
  std::int64_t number = 0;
  if (absl::WebSafeBase64Unescape(text, &plain) && plain.size() > 1) {
    const auto [end, error] = std::from_chars(plain.data() + 1, plain.data() + plain.size(), number);
    const std::size_t rest = static_cast<std::size_t>(end - plain.data());
    if (error == std::errc() && plain[0] == 'o' && rest == plain.size() && number >= 0) {
      token.offset = number;
      return token;
    }
    if (error == std::errc() && plain[0] == 't' && rest < plain.size() && plain[rest] == ':') {
      token.after_time_ms = number;
      token.after_id = plain.substr(rest + 1);
      return token;
    }
  }
  return InvalidArgument("Invalid page token: '{}'", text);
}

}  // namespace

Result<TracePage> TraceService::Search(const Caller& caller, const TraceQuery& query) {
  if (query.max_results < 1 || query.max_results > kResultsMax) {
    return InvalidArgument(
        "Invalid value {} for parameter 'max_results' supplied. It must be a positive integer and at most {}.",
        query.max_results, kResultsMax);
  }
  if (query.experiment_ids.empty()) return TracePage{};
  MARU_ASSIGN_OR_RETURN(const auto conditions, filter::ParseFilter(query.filter, filter::TraceSearch()));
  MARU_ASSIGN_OR_RETURN(const auto order_by, filter::ParseOrderBy(query.order_by, filter::TraceSearch()));
  MARU_ASSIGN_OR_RETURN(const PageToken from, Decode(query.page_token));

  SqlText order;
  bool default_order = false;
  MARU_RETURN_IF_ERROR(AppendOrder(order, order_by, &default_order));
  SqlText sql;
  sql << "SELECT " << kInfoColumns << " FROM traces t WHERE ";
  MARU_RETURN_IF_ERROR(AppendWhere(sql, database_.dialect(), caller.workspace, query.experiment_ids, conditions));
  if (from.after_time_ms) {
    if (!default_order) return InvalidArgument("Invalid page token: it belongs to another order_by");
    sql << " AND t.request_time_ms <= ? AND (t.request_time_ms < ? OR t.trace_id > ?)";
    sql.Bind(*from.after_time_ms);
    sql.Bind(*from.after_time_ms);
    sql.Bind(from.after_id);
  }
  sql.Append(order);
  sql << " LIMIT ? OFFSET ?";
  sql.Bind(std::int64_t{query.max_results} + 1);  // one more tells whether there is a next page
  sql.Bind(from.offset);

  TracePage page;
  std::vector<InfoRow> rows;
  MARU_RETURN_IF_ERROR(database_.Read([&](sql::Reader& r) -> Status {
    MARU_ASSIGN_OR_RETURN(rows, r.QueryAll(sql.text(), sql.args(), ReadInfoRow));
    if (rows.size() > static_cast<std::size_t>(query.max_results)) {
      rows.pop_back();
      PageToken next{.offset = from.offset + query.max_results};
      if (default_order)
        next = {.after_time_ms = rows.back().info.request_time_ms, .after_id = rows.back().info.trace_id};
      page.next_page_token = Encode(next);
    }
    return AddDetails(r, rows);
  }));
  for (InfoRow& row : rows) page.traces.push_back(std::move(row.info));
  return page;
}

namespace {

// Normalised pointwise mutual information: log(p12 / (p1 p2)) / -log(p12), from -1 to 1 (Bouma 2009), over the
// two-by-two table of counts with `smoothing` added to each cell.
double Npmi(const Correlation& c, double smoothing) {
  const auto both = static_cast<double>(c.joint_count);
  const double only1 = static_cast<double>(c.filter1_count) - both, only2 = static_cast<double>(c.filter2_count) - both;
  const double neither = static_cast<double>(c.total_count) - both - only1 - only2;
  if (c.filter1_count == 0 || c.filter2_count == 0 || neither < 0) return std::nan("");
  if (c.joint_count == 0 && smoothing == 0) return -1;
  if (only1 == 0 && only2 == 0 && neither == 0) return 1;
  const double joint = both + smoothing, total = both + only1 + only2 + neither + 4 * smoothing;
  const double n1 = both + only1 + 2 * smoothing, n2 = both + only2 + 2 * smoothing;
  return std::clamp(
      (std::log(joint) + std::log(total) - std::log(n1) - std::log(n2)) / (std::log(total) - std::log(joint)), -1.0,
      1.0);
}

}  // namespace

Result<Correlation> TraceService::Correlate(const Caller& caller, const std::vector<std::string>& experiment_ids,
                                            std::string_view filter1, std::string_view filter2,
                                            std::string_view base_filter) {
  if (experiment_ids.empty()) return InvalidArgument("Missing value for required parameter 'experiment_ids'.");
  const auto count = [&](sql::Reader& r, std::initializer_list<std::string_view> filters) -> Result<std::int64_t> {
    std::vector<filter::Condition> all;
    for (const std::string_view text : filters) {
      MARU_ASSIGN_OR_RETURN(auto some, filter::ParseFilter(text, filter::TraceSearch()));
      all.insert(all.end(), some.begin(), some.end());
    }
    SqlText sql;
    sql << "SELECT count(*) FROM traces t WHERE ";
    MARU_RETURN_IF_ERROR(AppendWhere(sql, database_.dialect(), caller.workspace, experiment_ids, all));
    MARU_ASSIGN_OR_RETURN(const auto n,
                          r.QueryOne(sql.text(), sql.args(), [](const sql::Row& row) { return row.Int(0); }));
    return n.value_or(0);
  };
  Correlation c;
  MARU_RETURN_IF_ERROR(database_.Read([&](sql::Reader& r) -> Status {
    MARU_ASSIGN_OR_RETURN(c.total_count, count(r, {base_filter}));
    MARU_ASSIGN_OR_RETURN(c.filter1_count, count(r, {base_filter, filter1}));
    MARU_ASSIGN_OR_RETURN(c.filter2_count, count(r, {base_filter, filter2}));
    MARU_ASSIGN_OR_RETURN(c.joint_count, count(r, {base_filter, filter1, filter2}));
    return OkStatus();
  }));
  c.npmi = Npmi(c, 0);
  c.npmi_smoothed = Npmi(c, 0.5);  // Jeffreys' prior
  return c;
}

}  // namespace maru::traces
