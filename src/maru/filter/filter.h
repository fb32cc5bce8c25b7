// MLflow's search language: filter strings and order_by clauses, parsed into plain conditions.
//
//   MARU_ASSIGN_OR_RETURN(const auto conditions, filter::ParseFilter("metrics.loss < 0.1 AND tags.team = 'a'",
//                                                                    filter::RunSearch()));
//
// A filter is a list of comparisons that must all hold. Which entities, keys and comparators a search knows is a table
// (Schema); the grammar and the texts of errors are mlflow/utils/search_utils.py's, so that clients that look at them
// go on working. Turning conditions into a query is the caller's part.
//
// Keys may be quoted with `backquotes` or "double quotes"; strings with single or double quotes, and what stands
// between the quotes is taken as it is. Keywords and comparators are read without regard to case. An empty filter is
// no condition. ANDs are optional, as the peer's parser has it.
//
// Pure functions. Errors: kInvalidArgument.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "maru/base/status.h"

namespace maru::filter {

// What a condition looks at.
enum class Entity {
  kAttribute,  // a column of the noun itself
  kMetric,
  kParam,
  kTag,
  kDataset,   // the run's inputs: name, digest, context
  kMetadata,  // of a trace
  kSpan,      // name, type, status, content, or "attributes.<name>"
  kFeedback,  // an assessment of a trace, by name
  kExpectation,
  kIssue,
};

enum class Comparator {
  kEqual,
  kNotEqual,
  kLess,
  kLessOrEqual,
  kGreater,
  kGreaterOrEqual,
  kLike,
  kILike,
  kRLike,
  kIn,
  kNotIn,
  kIsNull,
  kIsNotNull,
};

// How the comparator is written: "!=", "NOT IN".
std::string_view ComparatorName(Comparator comparator);

// Nothing for IS [NOT] NULL, a list for [NOT] IN. A number without a fraction is an integer.
using Value = std::variant<std::monostate, std::int64_t, double, std::string, std::vector<std::string>>;

struct Condition {
  Entity entity = Entity::kAttribute;
  std::string key;  // canonical: `created` has become "start_time"
  Comparator comparator = Comparator::kEqual;
  Value value;

  bool operator==(const Condition&) const = default;
  // The value of a comparison with a number. Needs one.
  double Number() const;
  const std::string& Text() const { return std::get<std::string>(value); }
  const std::vector<std::string>& List() const { return std::get<std::vector<std::string>>(value); }
};

struct OrderBy {
  Entity entity = Entity::kAttribute;
  std::string key;
  bool ascending = true;
  bool operator==(const OrderBy&) const = default;
};

struct Schema;  // schema.h

// The searches of MLflow's API. References to constants.
const Schema& RunSearch();
const Schema& ExperimentSearch();
const Schema& LoggedModelSearch();
const Schema& RegisteredModelSearch();
const Schema& ModelVersionSearch();
const Schema& TraceSearch();
const Schema& EvaluationDatasetSearch();

Result<std::vector<Condition>> ParseFilter(std::string_view text, const Schema& schema);

// One clause: a key, and asc (the default) or desc.
Result<OrderBy> ParseOrderBy(std::string_view clause, const Schema& schema);
Result<std::vector<OrderBy>> ParseOrderBy(const std::vector<std::string>& clauses, const Schema& schema);

}  // namespace maru::filter
