#include "maru/filter/schema.h"

namespace maru::filter {
namespace {

using enum Comparator;

constexpr ComparatorSet kNumbers = {kEqual, kNotEqual, kLess, kLessOrEqual, kGreater, kGreaterOrEqual};
constexpr ComparatorSet kTexts = {kEqual, kNotEqual, kLike, kILike};
constexpr ComparatorSet kTextsOrLists = {kEqual, kNotEqual, kLike, kILike, kIn, kNotIn};
constexpr ComparatorSet kTextsOrNull = {kEqual, kNotEqual, kLike, kILike, kIsNull, kIsNotNull};
constexpr ComparatorSet kRegexps = {kEqual, kNotEqual, kLike, kILike, kRLike, kIn, kNotIn};
constexpr ComparatorSet kRegexpsOrNull = {kEqual, kNotEqual, kLike, kILike, kRLike, kIsNull, kIsNotNull};
constexpr ComparatorSet kContains = {kLike, kILike};
constexpr ComparatorSet kOnlyEqual = {kEqual};
constexpr ComparatorSet kAssessments = {kEqual, kNotEqual, kLess,  kLessOrEqual, kGreater,  kGreaterOrEqual,
                                        kLike,  kILike,    kRLike, kIsNull,      kIsNotNull};

KeyRule Text(std::string_view key, std::string_view canonical = {}) {
  return {.spelling = key, .canonical = canonical};
}
KeyRule TextOrList(std::string_view key) {
  return {.spelling = key, .lists = true};
}
KeyRule Number(std::string_view key, std::string_view canonical = {}) {
  return {.spelling = key, .canonical = canonical, .kind = ValueKind::kNumber};
}
KeyRule OnlyOrder(std::string_view key, std::string_view canonical = {}) {
  return {.spelling = key, .canonical = canonical, .filterable = false};
}
KeyRule TraceTime(std::string_view key, std::string_view canonical) {
  return {.spelling = key, .canonical = canonical, .kind = ValueKind::kNumberOrText};
}

}  // namespace

const Schema& RunSearch() {
  static const Schema schema{
      .entities = {{.entity = Entity::kAttribute,
                    .name = "attribute",
                    .spellings = {"attribute", "attr", "attributes", "run"},
                    .comparators = kTextsOrLists,
                    .keys = {TextOrList("run_id"), Text("run_name"), Text("user_id"), Text("status"),
                             Text("artifact_uri"), Number("start_time"), Number("end_time"),
                             Number("created", "start_time"), Number("Created", "start_time"),
                             Text("run name", "run_name"), Text("Run name", "run_name"), Text("Run Name", "run_name")}},
                   {.entity = Entity::kMetric,
                    .name = "metric",
                    .spellings = {"metric", "metrics"},
                    .comparators = kNumbers,
                    .kind = ValueKind::kNumber},
                   {.entity = Entity::kTag, .name = "tag", .spellings = {"tag", "tags"}, .comparators = kTextsOrNull},
                   {.entity = Entity::kParam,
                    .name = "parameter",
                    .spellings = {"parameter", "parameters", "param", "params"},
                    .comparators = kTextsOrNull},
                   {.entity = Entity::kDataset,
                    .name = "dataset",
                    .spellings = {"dataset", "datasets"},
                    .comparators = kTextsOrLists,
                    .lists = true,
                    .keys = {TextOrList("name"), TextOrList("digest"), TextOrList("context")},
                    .orderable = false}},
      .entity_hint = "Valid values are ['metric', 'parameter', 'tag', 'attribute', 'dataset']",
      .lists_hint = "Only ['run_id'] attributes support comparison with a list of quoted string values."};
  return schema;
}

const Schema& ExperimentSearch() {
  static const Schema schema{
      .entities = {{.entity = Entity::kAttribute,
                    .name = "attribute",
                    .spellings = {"attribute"},
                    .comparators = kTextsOrLists,
                    .keys = {Text("name"), TextOrList("experiment_id"), Number("creation_time"),
                             Number("last_update_time")}},
                   {.entity = Entity::kTag,
                    .name = "tag",
                    .spellings = {"tag", "tags"},
                    .comparators = kTextsOrNull,
                    .orderable = false}},
      .entity_hint = "Valid entity types are ('attribute', 'tag', 'tags')",
      .lists_hint = "Only ['experiment_id'] attributes support comparison with a list of quoted string values."};
  return schema;
}

const Schema& LoggedModelSearch() {
  static const Schema schema{
      .entities = {{.entity = Entity::kAttribute,
                    .name = "attributes",
                    .spellings = {"attributes"},
                    .comparators = kTextsOrLists,
                    .keys = {TextOrList("name"), TextOrList("model_id"), TextOrList("model_type"), TextOrList("status"),
                             TextOrList("source_run_id"), TextOrList("experiment_id"), TextOrList("artifact_location"),
                             Number("creation_timestamp"), Number("creation_timestamp_ms", "creation_timestamp"),
                             Number("creation_time", "creation_timestamp"), Number("last_updated_timestamp"),
                             Number("last_updated_timestamp_ms", "last_updated_timestamp"),
                             Number("last_updated_time", "last_updated_timestamp")}},
                   {.entity = Entity::kMetric,
                    .name = "metrics",
                    .spellings = {"metrics"},
                    .comparators = kNumbers,
                    .kind = ValueKind::kNumber},
                   {.entity = Entity::kParam,
                    .name = "params",
                    .spellings = {"params"},
                    .comparators = kTextsOrLists,
                    .lists = true},
                   {.entity = Entity::kTag,
                    .name = "tags",
                    .spellings = {"tags"},
                    .comparators = kTextsOrLists,
                    .lists = true}},
      .entity_hint = "Expected one of ['attributes', 'metrics', 'params', 'tags']."};
  return schema;
}

const Schema& RegisteredModelSearch() {
  static const Schema schema{
      .entities = {{.entity = Entity::kAttribute,
                    .name = "attribute",
                    .spellings = {"attribute"},
                    .comparators = kTextsOrLists,
                    .keys = {TextOrList("name"), OnlyOrder("creation_timestamp"), OnlyOrder("last_updated_timestamp"),
                             OnlyOrder("timestamp", "last_updated_timestamp")}},
                   {.entity = Entity::kTag,
                    .name = "tag",
                    .spellings = {"tag", "tags"},
                    .comparators = kTexts,
                    .orderable = false}},
      .entity_hint = "Valid entity types are ('attribute', 'tag', 'tags')",
      .lists_hint = "Only ['name'] attributes support comparison with a list of quoted string values."};
  return schema;
}

const Schema& ModelVersionSearch() {
  static const Schema schema{
      .entities = {{.entity = Entity::kAttribute,
                    .name = "attribute",
                    .spellings = {"attribute"},
                    .comparators = kTextsOrLists,
                    .keys = {TextOrList("name"),
                             TextOrList("run_id"),
                             {.spelling = "version_number", .kind = ValueKind::kNumberOrText},
                             {.spelling = "source_path", .orderable = false},
                             OnlyOrder("creation_timestamp"),
                             OnlyOrder("last_updated_timestamp")}},
                   {.entity = Entity::kTag,
                    .name = "tag",
                    .spellings = {"tag", "tags"},
                    .comparators = kTexts,
                    .orderable = false}},
      .entity_hint = "Valid entity types are ('attribute', 'tag', 'tags')",
      .lists_hint = "Only ['name', 'run_id'] attributes support comparison with a list of quoted string values."};
  return schema;
}

const Schema& TraceSearch() {
  static const Schema schema{
      .entities = {{.entity = Entity::kAttribute,
                    .name = "attribute",
                    .spellings = {"attribute", "attributes", "trace"},
                    .comparators = kRegexps,
                    .keys = {{.spelling = "request_id", .lists = true},
                             {.spelling = "status", .lists = true},
                             {.spelling = "client_request_id", .lists = true, .orderable = false},
                             TraceTime("timestamp", "timestamp_ms"),
                             TraceTime("timestamp_ms", {}),
                             TraceTime("execution_time", "execution_time_ms"),
                             TraceTime("execution_time_ms", {}),
                             TraceTime("end_time", "end_time_ms"),
                             TraceTime("end_time_ms", {}),
                             {.spelling = "name",
                              .canonical = "mlflow.traceName",
                              .lists = true,
                              .entity = Entity::kTag,
                              .comparators = &kRegexps},
                             {.spelling = "run_id",
                              .canonical = "mlflow.sourceRun",
                              .lists = true,
                              .entity = Entity::kMetadata,
                              .comparators = &kRegexps},
                             {.spelling = "prompt",
                              .canonical = "mlflow.linkedPrompts",
                              .orderable = false,
                              .entity = Entity::kTag,
                              .comparators = &kOnlyEqual},
                             {.spelling = "text",
                              .canonical = "content",
                              .orderable = false,
                              .entity = Entity::kSpan,
                              .comparators = &kContains},
                             OnlyOrder("experiment_id")}},
                   {.entity = Entity::kTag, .name = "tag", .spellings = {"tag", "tags"}, .comparators = kRegexpsOrNull},
                   {.entity = Entity::kMetadata,
                    .name = "request_metadata",
                    .spellings = {"request_metadata", "metadata"},
                    .comparators = kRegexpsOrNull},
                   {.entity = Entity::kSpan,
                    .name = "span",
                    .spellings = {"span"},
                    .comparators = kRegexps,
                    .lists = true,
                    .keys = {TextOrList("name"),
                             TextOrList("type"),
                             TextOrList("status"),
                             {.spelling = "content", .comparators = &kContains},
                             TextOrList("attributes.")},
                    .orderable = false},
                   {.entity = Entity::kFeedback,
                    .name = "feedback",
                    .spellings = {"feedback"},
                    .comparators = kAssessments,
                    .kind = ValueKind::kByComparator,
                    .orderable = false},
                   {.entity = Entity::kExpectation,
                    .name = "expectation",
                    .spellings = {"expectation"},
                    .comparators = kAssessments,
                    .kind = ValueKind::kByComparator,
                    .orderable = false},
                   {.entity = Entity::kIssue,
                    .name = "issue",
                    .spellings = {"issue"},
                    .comparators = kOnlyEqual,
                    .keys = {Text("id")},
                    .orderable = false}},
      .entity_hint =
          "Valid values are {'tag', 'tags', 'request_metadata', 'metadata', 'attribute', 'attributes', "
          "'trace', 'span', 'feedback', 'expectation', 'issue'}",
      .lists_hint =
          "Only attributes in {'name', 'status', 'request_id', 'run_id', 'client_request_id'} supports "
          "comparison with a list of quoted string values."};
  return schema;
}

const Schema& EvaluationDatasetSearch() {
  static const Schema schema{
      .entities =
          {{.entity = Entity::kAttribute,
            .name = "attribute",
            .spellings = {"attribute"},
            .comparators = kTextsOrLists,
            .keys = {TextOrList("name"),
                     Number("created_time"),
                     Number("last_update_time"),
                     {.spelling = "created_by", .orderable = false},
                     {.spelling = "last_updated_by", .orderable = false}}},
           {.entity = Entity::kTag, .name = "tag", .spellings = {"tags"}, .comparators = kTexts, .orderable = false}},
      .entity_hint = "Valid entity types are ('attribute', 'tags')",
      .lists_hint = "Only ['name'] attributes support comparison with a list of quoted string values."};
  return schema;
}

}  // namespace maru::filter
