#include "maru/traces/trace_condition.h"

#include <re2/re2.h>

#include <algorithm>

#include "maru/json/json.h"
#include "maru/sql/text_match.h"
#include "maru/traces/json_text.h"
#include "maru/traces/keys.h"
#include "maru/traces/usage.h"

namespace maru::traces {
namespace {

using filter::Comparator;
using filter::Condition;
using filter::Entity;

constexpr std::string_view kEndTime = "(t.request_time_ms + COALESCE(t.execution_ms, 0))";

std::string_view AttributeColumn(std::string_view key) {
  if (key == "request_id") return "t.trace_id";
  if (key == "timestamp_ms") return "t.request_time_ms";
  if (key == "execution_time_ms") return "t.execution_ms";
  if (key == "end_time_ms") return kEndTime;
  if (key == "status") return "t.state";
  if (key == "client_request_id") return "t.client_request_id";
  if (key == "experiment_id") return "t.experiment_id";
  return {};
}

// Tags and metadata that are columns.
std::string_view LabelColumn(Entity entity, std::string_view key) {
  if (entity == Entity::kTag) {
    if (key == kTraceName) return "t.name";
    if (key == kSpansLocation) return "t.spans_location";
    if (key == kArtifactLocation) return "t.artifact_location";
  }
  if (entity == Entity::kMetadata && key == kTraceSession) return "t.session_id";
  return {};
}

bool IsList(Comparator c) {
  return c == Comparator::kIn || c == Comparator::kNotIn;
}
bool IsNullCheck(Comparator c) {
  return c == Comparator::kIsNull || c == Comparator::kIsNotNull;
}
bool IsOrder(Comparator c) {
  return c == Comparator::kLess || c == Comparator::kLessOrEqual || c == Comparator::kGreater ||
         c == Comparator::kGreaterOrEqual;
}

class Where {
 public:
  Where(SqlText& sql, sql::Dialect dialect, std::string_view workspace, const std::vector<std::string>& experiment_ids)
      : sql_(sql), dialect_(dialect), workspace_(workspace), experiment_ids_(experiment_ids) {}

  void Scope(std::string_view table) {
    sql_ << table << ".workspace = ? AND " << table << ".experiment_id ";
    sql_.Bind(std::string(workspace_));
    // One experiment, the usual case, lets the index give the order too.
    if (experiment_ids_.size() == 1) {
      sql_ << "= ?";
      sql_.Bind(experiment_ids_.front());
      return;
    }
    sql_ << "IN (";
    const std::size_t count = experiment_ids_.size() <= 10    ? 10
                              : experiment_ids_.size() <= 100 ? 100
                                                              : experiment_ids_.size();
    for (std::size_t i = 0; i < count; ++i) {
      sql_ << (i == 0 ? "?" : ", ?");
      sql_.Bind(experiment_ids_[std::min(i, experiment_ids_.size() - 1)]);
    }
    sql_ << ")";
  }

  Status Add(const Condition& c) {
    switch (c.entity) {
      case Entity::kAttribute:
        return Compare(AttributeColumn(c.key), c);
      case Entity::kTag:
      case Entity::kMetadata:
        return Label(c);
      case Entity::kFeedback:
        return AssessmentHolds("feedback", c);
      case Entity::kExpectation:
        return AssessmentHolds("expectation", c);
      case Entity::kIssue:
        sql_ << "EXISTS (SELECT 1 FROM trace_assessments a WHERE a.trace = t.id AND a.kind = 'issue' AND a.name = ?)";
        sql_.Bind(c.Text());
        return OkStatus();
      default:
        return InvalidArgument("Invalid search expression type for traces: '{}'", c.key);
    }
  }

  // Conditions on spans hold together for one and the same span.
  Status AddSpans(const std::vector<const Condition*>& conditions) {
    sql_ << "EXISTS (SELECT 1 FROM trace_spans s WHERE s.trace = t.id";
    for (const Condition* c : conditions) {
      sql_ << " AND ";
      MARU_RETURN_IF_ERROR(c->key.starts_with("attributes.") ? SpanAttribute(*c) : Compare("s." + c->key, *c));
    }
    sql_ << ")";
    return OkStatus();
  }

 private:
  // `expression OP value`, the value bound.
  Status Compare(std::string_view expression, const Condition& c) {
    if (IsNullCheck(c.comparator)) {
      sql_ << expression << (c.comparator == Comparator::kIsNull ? " IS NULL" : " IS NOT NULL");
      return OkStatus();
    }
    if (IsList(c.comparator)) {
      sql_ << expression << (c.comparator == Comparator::kIn ? " IN (" : " NOT IN (");
      const auto& list = c.List();
      for (std::size_t i = 0; i < list.size(); ++i) {
        sql_ << (i == 0 ? "?" : ", ?");
        sql_.Bind(list[i]);
      }
      sql_ << ")";
      return OkStatus();
    }
    if (c.comparator == Comparator::kLike || c.comparator == Comparator::kILike) {
      sql_ << (c.comparator == Comparator::kLike ? sql::Like(dialect_, expression) : sql::ILike(dialect_, expression));
      sql_.Bind(c.Text());
      return OkStatus();
    }
    if (c.comparator == Comparator::kRLike) return Regex(expression, c.Text());
    sql_ << expression << " " << filter::ComparatorName(c.comparator) << " ?";
    BindValue(c);
    return OkStatus();
  }

  void BindValue(const Condition& c) {
    if (const auto* text = std::get_if<std::string>(&c.value))
      sql_.Bind(*text);
    else if (const auto* whole = std::get_if<std::int64_t>(&c.value))
      sql_.Bind(*whole);
    else
      sql_.Bind(c.Number());
  }

  Status Regex(std::string_view expression, std::string pattern) {
    MARU_RETURN_IF_ERROR(sql::CheckRegex(pattern));
    sql_ << sql::MatchesRegex(dialect_, expression);
    sql_.Bind(std::move(pattern));
    return OkStatus();
  }

  Status Label(const Condition& c) {
    if (const std::string_view column = LabelColumn(c.entity, c.key); !column.empty()) return Compare(column, c);
    if (c.entity == Entity::kMetadata && (c.key == kTokenUsage || c.key == kCost)) return Usage(c);
    if (c.entity == Entity::kMetadata && c.key == kSourceRun && c.comparator == Comparator::kEqual) {
      sql_ << "(EXISTS (SELECT 1 FROM trace_metadata m WHERE m.trace = t.id AND m.key = ? AND m.value = ?) OR "
              "EXISTS (SELECT 1 FROM trace_runs r WHERE r.trace = t.id AND r.run_id = ?))";
      sql_.Bind(std::string(kSourceRun));
      sql_.Bind(c.Text());
      sql_.Bind(c.Text());
      return OkStatus();
    }
    if (c.entity == Entity::kTag && c.key == kLinkedPrompts) return Prompt(c);
    const char* table = c.entity == Entity::kTag ? "trace_tags" : "trace_metadata";
    sql_ << (c.comparator == Comparator::kIsNull ? "NOT " : "");
    sql_ << "EXISTS (SELECT 1 FROM " << table << " g WHERE g.trace = t.id AND g.key = ?";
    sql_.Bind(c.key);
    if (!IsNullCheck(c.comparator)) {
      sql_ << " AND ";
      MARU_RETURN_IF_ERROR(Compare("g.value", c));
    }
    sql_ << ")";
    return OkStatus();
  }

  Status Prompt(const Condition& c) {
    if (c.comparator != Comparator::kEqual) {
      return InvalidArgument(
          "Invalid comparator '{}' for prompts filter. Only '=' is supported with format: "
          "prompt = \"name/version\"",
          filter::ComparatorName(c.comparator));
    }
    if (std::count(c.Text().begin(), c.Text().end(), '/') != 1) {
      return InvalidArgument("Invalid prompts filter value '{}'. Expected format: prompt = \"name/version\"", c.Text());
    }
    sql_ << "EXISTS (SELECT 1 FROM trace_prompts p WHERE p.trace = t.id AND p.prompt = ?)";
    sql_.Bind(c.Text());
    return OkStatus();
  }

  // Token usage and cost are columns; as metadata they compare as the JSON text that clients are shown.
  Status Usage(const Condition& c) {
    std::vector<std::string_view> columns;
    if (c.key == kTokenUsage)
      columns.assign(kTokenKeys.begin(), kTokenKeys.end());
    else
      columns.assign(kCostKeys.begin(), kCostKeys.end());
    const auto join = [&](std::string_view what, std::string_view with) {
      sql_ << "(";
      for (std::size_t i = 0; i < columns.size(); ++i) sql_ << (i == 0 ? "" : with) << "t." << columns[i] << what;
      sql_ << ")";
    };
    if (c.comparator == Comparator::kIsNull) {
      join(" IS NULL", " AND ");
      return OkStatus();
    }
    if (c.comparator == Comparator::kIsNotNull) {
      join(" IS NOT NULL", " OR ");
      return OkStatus();
    }
    if (c.comparator != Comparator::kEqual && c.comparator != Comparator::kNotEqual) {
      return InvalidArgument(
          "Comparator '{}' is not supported for reserved metadata '{}'. Only '=', '!=', 'IS NULL', and "
          "'IS NOT NULL' are supported.",
          filter::ComparatorName(c.comparator), c.key);
    }
    if (c.comparator == Comparator::kNotEqual) {
      join(" IS NOT NULL", " OR ");
      sql_ << " AND NOT ";
    }
    sql_ << "(";
    const auto tokens = ParseTokens(c.Text());
    const auto costs = ParseCosts(c.Text());
    const std::string shown =
        c.key == kTokenUsage ? (tokens ? FormatTokens(*tokens) : "") : (costs ? FormatCosts(*costs) : "");
    if (shown.empty() || shown != c.Text()) {
      sql_ << "1 = 0)";
      return OkStatus();
    }
    for (std::size_t i = 0; i < columns.size(); ++i) {
      sql_ << (i == 0 ? "" : " AND ") << "COALESCE(t." << columns[i]
           << (c.key == kTokenUsage ? ", -1) = ?" : ", -1.0) = ?");
      if (c.key == kTokenUsage)
        sql_.Bind((*tokens)[i].value_or(-1));
      else
        sql_.Bind((*costs)[i].value_or(-1.0));
    }
    sql_ << ")";
    return OkStatus();
  }

  // An attribute stands in a span's content as "name": "<its JSON, quoted once more>".
  Status SpanAttribute(const Condition& c) {
    std::string name = c.key.substr(std::string_view("attributes.").size());
    if (name.size() >= 2 && name.front() == '`' && name.back() == '`') name = name.substr(1, name.size() - 2);
    const std::string prefix = json::Quote(name);
    const auto quoted = [](std::string_view text) {
      return RE2::QuoteMeta(re2::StringPiece(text.data(), text.size()));
    };
    switch (c.comparator) {
      case Comparator::kLike:
      case Comparator::kILike: {
        const bool cased = c.comparator == Comparator::kLike;
        sql_ << (cased ? sql::Like(dialect_, "s.content") : sql::ILike(dialect_, "s.content"));
        sql_.Bind("%" + prefix + c.Text() + "%");
        return OkStatus();
      }
      case Comparator::kRLike: {
        std::string value = c.Text();
        std::string start = R"("\\".*)", end;
        if (value.starts_with('^')) {
          start = R"("\\")";
          value.erase(0, 1);
        }
        if (value.ends_with('$')) {
          end = R"(\\")";
          value.pop_back();
        }
        return Regex("s.content", quoted(prefix) + ": " + start + value + end);
      }
      case Comparator::kEqual:
      case Comparator::kNotEqual:
      case Comparator::kIn:
      case Comparator::kNotIn: {
        // Equal to the text as a JSON string, or to the text as it is: numbers and objects.
        const std::vector<std::string> values = IsList(c.comparator) ? c.List() : std::vector{c.Text()};
        std::string any;
        for (const std::string& value : values) {
          const std::string as_text = json::Quote(json::Quote(value)), as_is = json::Quote(value);
          any += (any.empty() ? "(" : "|") + quoted(as_text) + "|" + quoted(as_is);
        }
        const bool positive = c.comparator == Comparator::kEqual || c.comparator == Comparator::kIn;
        if (!positive) {
          MARU_RETURN_IF_ERROR(Regex("s.content", quoted(prefix) + ": "));
          sql_ << " AND NOT ";
        }
        return Regex("s.content", quoted(prefix) + ": " + any + ")");
      }
      default:
        return InvalidArgument("comparator '{}' does not go with '{}'", filter::ComparatorName(c.comparator), c.key);
    }
  }

  Status AssessmentIs(std::string_view kind, const Condition& c) {
    sql_ << "a.kind = '" << kind << "' AND a.name = ? AND a.valid = 1";
    sql_.Bind(c.key);
    if (IsNullCheck(c.comparator)) return OkStatus();
    sql_ << " AND ";
    if (IsOrder(c.comparator)) {
      sql_ << "a.is_number = 1 AND a.number " << filter::ComparatorName(c.comparator) << " ?";
      sql_.Bind(c.Number());
      return OkStatus();
    }
    if (c.comparator == Comparator::kEqual || c.comparator == Comparator::kNotEqual) {
      sql_ << (c.comparator == Comparator::kNotEqual ? "NOT " : "") << "(a.value = ? OR a.value = ?)";
      std::string text;
      if (const auto* value = std::get_if<std::string>(&c.value))
        text = *value;
      else if (const auto* whole = std::get_if<std::int64_t>(&c.value))
        text = std::to_string(*whole);
      else
        AppendDouble(text, c.Number());
      sql_.Bind(text);
      sql_.Bind(json::Quote(text));
      return OkStatus();
    }
    return Compare("a.value", c);
  }

  // An assessment of a whole conversation counts for every trace in its session.
  Status AssessmentHolds(std::string_view kind, const Condition& c) {
    sql_ << (c.comparator == Comparator::kIsNull ? "NOT (" : "(");
    sql_ << "EXISTS (SELECT 1 FROM trace_assessments a WHERE a.trace = t.id AND ";
    MARU_RETURN_IF_ERROR(AssessmentIs(kind, c));
    sql_ << ") OR (t.session_id IS NOT NULL AND t.session_id IN (SELECT o.session_id FROM trace_assessments a "
            "JOIN traces o ON o.id = a.trace WHERE ";
    Scope("o");
    sql_ << " AND o.session_id IS NOT NULL AND a.in_session = 1 AND ";
    MARU_RETURN_IF_ERROR(AssessmentIs(kind, c));
    sql_ << ")))";
    return OkStatus();
  }

  SqlText& sql_;
  const sql::Dialect dialect_;
  const std::string_view workspace_;
  const std::vector<std::string>& experiment_ids_;
};

}  // namespace

void SqlText::Append(const SqlText& other) {
  text_ += other.text_;
  for (const auto& arg : other.args_) {
    if (const auto* text = std::get_if<std::string_view>(&arg))
      Bind(std::string(*text));
    else
      args_.push_back(arg);
  }
}

Status AppendWhere(SqlText& sql, sql::Dialect dialect, std::string_view workspace,
                   const std::vector<std::string>& experiment_ids, const std::vector<Condition>& conditions) {
  Where where(sql, dialect, workspace, experiment_ids);
  where.Scope("t");
  std::vector<const Condition*> of_spans;
  for (const Condition& c : conditions) {
    if (c.entity == Entity::kSpan) {
      of_spans.push_back(&c);
      continue;
    }
    sql << " AND ";
    MARU_RETURN_IF_ERROR(where.Add(c));
  }
  if (of_spans.empty()) return OkStatus();
  sql << " AND ";
  return where.AddSpans(of_spans);
}

Status AppendOrder(SqlText& sql, const std::vector<filter::OrderBy>& order_by, bool* default_order) {
  sql << " ORDER BY ";
  bool by_time = false, by_id = false;
  for (std::size_t i = 0; i < order_by.size(); ++i) {
    const filter::OrderBy& o = order_by[i];
    for (std::size_t j = 0; j < i; ++j) {
      if (order_by[j].entity == o.entity && order_by[j].key == o.key)
        return InvalidArgument("`order_by` contains duplicate fields: {}", o.key);
    }
    if (o.entity == Entity::kMetadata && (o.key == kTokenUsage || o.key == kCost)) {
      return InvalidArgument(
          "Ordering by reserved metadata '{}' is not supported because it is represented by multiple columns.", o.key);
    }
    std::string_view column = o.entity == Entity::kAttribute ? AttributeColumn(o.key) : LabelColumn(o.entity, o.key);
    std::string expression(column);
    if (column.empty() && o.entity != Entity::kTag && o.entity != Entity::kMetadata)
      return InvalidArgument("Invalid order_by key '{}'", o.key);
    const bool label = column.empty();
    if (label) {
      expression = fmt::format("(SELECT g.value FROM {} g WHERE g.trace = t.id AND g.key = ?)",
                               o.entity == Entity::kTag ? "trace_tags" : "trace_metadata");
    }
    // What has no value comes last, whichever the direction.
    const bool nullable =
        label || o.entity != Entity::kAttribute || o.key == "execution_time_ms" || o.key == "client_request_id";
    if (nullable) {
      sql << "CASE WHEN " << expression << " IS NULL THEN 1 ELSE 0 END, ";
      if (label) sql.Bind(o.key);
    }
    sql << expression << (o.ascending ? ", " : " DESC, ");
    if (label) sql.Bind(o.key);
    by_time = by_time || (o.entity == Entity::kAttribute && o.key == "timestamp_ms");
    by_id = by_id || (o.entity == Entity::kAttribute && o.key == "request_id");
  }
  *default_order = order_by.empty() || (order_by.size() == 1 && by_time && !order_by.front().ascending);
  if (!by_time) sql << "t.request_time_ms DESC" << (by_id ? "" : ", ");
  if (!by_id) sql << "t.trace_id";
  // A trailing comma is left when the order names both.
  if (by_time && by_id) sql << "t.id";
  return OkStatus();
}

}  // namespace maru::traces
