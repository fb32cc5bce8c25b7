#include "maru/filter/filter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace maru::filter {
namespace {

using testing::HasSubstr;
using C = Comparator;
using E = Entity;
using List = std::vector<std::string>;

struct Accepted {
  const char* name;
  const Schema& (*schema)();
  const char* text;
  std::vector<Condition> want;
};

const Accepted kAccepted[] = {
    {"empty", RunSearch, "", {}},
    {"metric", RunSearch, "metrics.acc > 0.9", {{E::kMetric, "acc", C::kGreater, 0.9}}},
    {"metric_quoted", RunSearch, "metric.`a b/c` >= -1e-3", {{E::kMetric, "a b/c", C::kGreaterOrEqual, -1e-3}}},
    {"metric_double_quoted", RunSearch, R"(metrics."a b" < 5)", {{E::kMetric, "a b", C::kLess, std::int64_t{5}}}},
    {"metric_dotted", RunSearch, "metrics.a.b.c != .5", {{E::kMetric, "a.b.c", C::kNotEqual, 0.5}}},
    {"entity_quoted", RunSearch, "`metrics`.acc<=1.", {{E::kMetric, "acc", C::kLessOrEqual, 1.0}}},
    {"two",
     RunSearch,
     "params.x = 'a' and tags.y like 'b%'",
     {{E::kParam, "x", C::kEqual, "a"}, {E::kTag, "y", C::kLike, "b%"}}},
    {"no_space",
     RunSearch,
     "params.x='a'AND params.y='b'",
     {{E::kParam, "x", C::kEqual, "a"}, {E::kParam, "y", C::kEqual, "b"}}},
    {"double_quoted_value", RunSearch, R"(parameters.x = "it's")", {{E::kParam, "x", C::kEqual, "it's"}}},
    {"quotes_stay", RunSearch, "params.x='it''s'", {{E::kParam, "x", C::kEqual, "it''s"}}},
    {"and_inside", RunSearch, "params.x = 'a AND b = (c)'", {{E::kParam, "x", C::kEqual, "a AND b = (c)"}}},
    {"trailing_and", RunSearch, "params.x = '' AND", {{E::kParam, "x", C::kEqual, ""}}},
    {"tag_dotted", RunSearch, "tags.mlflow.user = 'x'", {{E::kTag, "mlflow.user", C::kEqual, "x"}}},
    {"is_null",
     RunSearch,
     "tags.`a` IS NULL AND params.b is not null",
     {{E::kTag, "a", C::kIsNull, {}}, {E::kParam, "b", C::kIsNotNull, {}}}},
    {"attribute_alias",
     RunSearch,
     "created > 5 AND attributes.`run name` ILIKE '%x'",
     {{E::kAttribute, "start_time", C::kGreater, std::int64_t{5}}, {E::kAttribute, "run_name", C::kILike, "%x"}}},
    {"list", RunSearch, "run_id NOT IN ('a', \"b\",)", {{E::kAttribute, "run_id", C::kNotIn, List{"a", "b"}}}},
    {"dataset",
     RunSearch,
     "datasets.context = 'train' and dataset.name in ('d')",
     {{E::kDataset, "context", C::kEqual, "train"}, {E::kDataset, "name", C::kIn, List{"d"}}}},
    {"keyword_as_key",
     RunSearch,
     "params.order = 'x' AND metrics.date > 1",
     {{E::kParam, "order", C::kEqual, "x"}, {E::kMetric, "date", C::kGreater, std::int64_t{1}}}},
    {"not_ascii", RunSearch, "tags.größe = '大'", {{E::kTag, "größe", C::kEqual, "大"}}},
    {"experiment",
     ExperimentSearch,
     "name ILIKE 'a%' AND creation_time > 5 AND tags.k IS NULL",
     {{E::kAttribute, "name", C::kILike, "a%"},
      {E::kAttribute, "creation_time", C::kGreater, std::int64_t{5}},
      {E::kTag, "k", C::kIsNull, {}}}},
    {"logged_model",
     LoggedModelSearch,
     "name in ('a','b') AND metrics.loss<0.5 AND creation_time>=3",
     {{E::kAttribute, "name", C::kIn, List{"a", "b"}},
      {E::kMetric, "loss", C::kLess, 0.5},
      {E::kAttribute, "creation_timestamp", C::kGreaterOrEqual, std::int64_t{3}}}},
    {"registered_model",
     RegisteredModelSearch,
     "name LIKE 'a%' and tags.`k.x` != 'v'",
     {{E::kAttribute, "name", C::kLike, "a%"}, {E::kTag, "k.x", C::kNotEqual, "v"}}},
    {"model_version",
     ModelVersionSearch,
     "version_number >= '3' AND run_id IN ('r') AND source_path = 's'",
     {{E::kAttribute, "version_number", C::kGreaterOrEqual, std::int64_t{3}},
      {E::kAttribute, "run_id", C::kIn, List{"r"}},
      {E::kAttribute, "source_path", C::kEqual, "s"}}},
    {"trace",
     TraceSearch,
     "timestamp > 5 AND trace.status = 'OK' AND name RLIKE '^a' AND run_id = 'r'",
     {{E::kAttribute, "timestamp_ms", C::kGreater, std::int64_t{5}},
      {E::kAttribute, "status", C::kEqual, "OK"},
      {E::kTag, "mlflow.traceName", C::kRLike, "^a"},
      {E::kMetadata, "mlflow.sourceRun", C::kEqual, "r"}}},
    {"span",
     TraceSearch,
     "span.attributes.model LIKE 'gpt%' AND span.type IN ('LLM') AND text LIKE '%x%'",
     {{E::kSpan, "attributes.model", C::kLike, "gpt%"},
      {E::kSpan, "type", C::kIn, List{"LLM"}},
      {E::kSpan, "content", C::kLike, "%x%"}}},
    {"assessment",
     TraceSearch,
     "feedback.score >= 0.5 AND expectation.answer = 'yes' AND feedback.x IS NOT NULL",
     {{E::kFeedback, "score", C::kGreaterOrEqual, 0.5},
      {E::kExpectation, "answer", C::kEqual, "yes"},
      {E::kFeedback, "x", C::kIsNotNull, {}}}},
};

class AcceptedTest : public testing::TestWithParam<Accepted> {};
TEST_P(AcceptedTest, Parses) {
  const auto got = ParseFilter(GetParam().text, GetParam().schema());
  ASSERT_TRUE(got.ok()) << got.status();
  EXPECT_TRUE(*got == GetParam().want) << got->size();
}
INSTANTIATE_TEST_SUITE_P(, AcceptedTest, testing::ValuesIn(kAccepted), [](const auto& i) { return i.param.name; });

struct Refused {
  const char* name;
  const Schema& (*schema)();
  const char* text;
  const char* message;
};

const Refused kRefused[] = {
    {"blank", RunSearch, "  ", "Invalid filter '  '. Could not be parsed."},
    {"lone_name", RunSearch, "a", "Invalid clause(s) in filter string: 'a'"},
    {"no_value", RunSearch, "a=", "Invalid clause(s) in filter string: 'a', '='"},
    {"or", RunSearch, "params.x = 'a' OR params.y = 'b'", "Invalid clause(s) in filter string: 'OR'"},
    {"parenthesis", RunSearch, "(params.x = 'a')", "Invalid clause(s) in filter string: '(', ')'"},
    {"comment", RunSearch, "params.x = 'a' --c", "Invalid clause(s) in filter string: '-', '-', 'c'"},
    {"two_statements", RunSearch, "params.x = 'a'; params.y = 'b'", "Provide AND-ed expression list."},
    {"swapped", RunSearch, "'a' = params.x", "Invalid comparison clause. Expected 'Identifier' found ''a''"},
    {"entity", RunSearch, "x.y = 'a'",
     "Invalid entity type 'x'. Valid values are ['metric', 'parameter', 'tag', 'attribute', 'dataset']"},
    {"attribute", RunSearch, "name = 'x'", "Invalid attribute key 'name' specified. Valid keys are '{'run_id', "},
    {"dataset_key", RunSearch, "dataset.foo = 'x'",
     "Invalid dataset key 'foo' specified. Valid keys are '{'name', 'digest', 'context'}'"},
    {"metric_text", RunSearch, "metrics.a = 'x'", "Expected numeric value type for metric. Found 'x'"},
    {"metric_word", RunSearch, "metrics.a = inf", "Expected numeric value type for metric. Found inf"},
    {"param_number", RunSearch, "params.x = 1",
     "Expected a quoted string value for parameter (e.g. 'my-value'). Got value 1"},
    {"param_word", RunSearch, "params.x = abc", "not quoted or unidentified quote types used for string value abc."},
    {"param_backquoted", RunSearch, "params.x = `abc`", "used for string value `abc`."},
    {"param_comparator", RunSearch, "params.x > 'a'", "Invalid comparator '>' not one of '{'=', '!=', 'LIKE', 'ILIKE'"},
    {"param_double_equal", RunSearch, "params.x == 'a'", "Invalid comparator '==' not one of"},
    {"not_like", RunSearch, "params.x not like 'a'", "Invalid comparator 'not like' not one of"},
    {"rlike", RunSearch, "tags.x RLIKE 'a'", "Invalid comparator 'RLIKE' not one of"},
    {"time_text", RunSearch, "start_time > '12'",
     "Expected numeric value type for numeric attribute: start_time. Found '12'"},
    {"list_empty", RunSearch, "run_id IN ()", "expected a non-empty list of string values, but got empty list"},
    {"list_numbers", RunSearch, "run_id IN (1, 2)", "but got different type in list: (1, 2)"},
    {"list_ill_formed", RunSearch, "run_id IN ('a' 'b')", "but got ill-formed list."},
    {"list_elsewhere", RunSearch, "status IN ('a')", "Only ['run_id'] attributes support comparison with a list"},
    {"list_of_param", RunSearch, "params.x IN ('a')", "Expected a quoted string value for parameter"},
    {"list_open", RunSearch, "run_id IN ('a'", "Invalid clause(s) in filter string: 'run_id', 'IN'"},
    {"null_attribute", RunSearch, "status IS NULL",
     "IS NULL / IS NOT NULL is only supported for tags and params, not for 'attribute' 'status'"},
    {"quote_open", RunSearch, "params.x = 'a", "Invalid clause(s) in filter string: 'params.x', '=', ''a'"},
    {"experiment_entity", ExperimentSearch, "params.x = 'a'",
     "Invalid entity type 'params'. Valid entity types are ('attribute', 'tag', 'tags')"},
    {"order_only_key", RegisteredModelSearch, "creation_timestamp > 5",
     "Invalid attribute key 'creation_timestamp' specified. Valid keys are '{'name'}'"},
    {"version_text", ModelVersionSearch, "version_number = 'x'", "Expected numeric value type"},
    {"feedback_text", TraceSearch, "feedback.a > 'x'",
     "Expected a numeric value for feedback when using comparator '>'. Got value 'x'"},
    {"content_equal", TraceSearch, "span.content = 'x'", "Invalid comparator '=' not one of '{'LIKE', 'ILIKE'}'"},
};

class RefusedTest : public testing::TestWithParam<Refused> {};
TEST_P(RefusedTest, SaysWhy) {
  const auto got = ParseFilter(GetParam().text, GetParam().schema());
  ASSERT_FALSE(got.ok());
  EXPECT_EQ(got.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(got.status().message()), HasSubstr(GetParam().message));
}
INSTANTIATE_TEST_SUITE_P(, RefusedTest, testing::ValuesIn(kRefused), [](const auto& i) { return i.param.name; });

TEST(OrderByTest, ReadsKeysAndDirections) {
  const auto order = [](std::string_view text, const Schema& schema = RunSearch()) {
    return ParseOrderBy(text, schema).value();
  };
  EXPECT_EQ(order("metrics.`val loss`  DESC"), (OrderBy{E::kMetric, "val loss", false}));
  EXPECT_EQ(order("metric.acc"), (OrderBy{E::kMetric, "acc", true}));
  EXPECT_EQ(order("attributes.start_time asc"), (OrderBy{E::kAttribute, "start_time", true}));
  EXPECT_EQ(order("Created Desc"), (OrderBy{E::kAttribute, "start_time", false}));
  EXPECT_EQ(order("params.\"a.b\" ASC"), (OrderBy{E::kParam, "a.b", true}));
  EXPECT_EQ(order("timestamp desc", RegisteredModelSearch()),
            (OrderBy{E::kAttribute, "last_updated_timestamp", false}));
  EXPECT_EQ(order("timestamp_ms DESC", TraceSearch()), (OrderBy{E::kAttribute, "timestamp_ms", false}));
}

TEST(OrderByTest, SaysWhyNot) {
  const auto message = [](std::string_view text, const Schema& schema = RunSearch()) {
    return std::string(ParseOrderBy(text, schema).status().message());
  };
  EXPECT_EQ(message(""), "Invalid order_by clause ''. Could not be parsed.");
  EXPECT_EQ(message("metrics.a = 1"), "Invalid order_by clause 'metrics.a = 1'. Could not be parsed.");
  EXPECT_EQ(message("metrics.a ACS"), "Invalid ordering key in order_by clause 'metrics.a ACS'.");
  EXPECT_THAT(message("m.a"), HasSubstr("Invalid entity type 'm'"));
  EXPECT_THAT(message("acc"), HasSubstr("Invalid attribute key 'acc' specified."));
  EXPECT_EQ(message("tags.a", ExperimentSearch()), "Invalid order_by entity: tag");
}

}  // namespace
}  // namespace maru::filter
