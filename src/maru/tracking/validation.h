// What may be logged: names, lengths and batch sizes, with the limits and the words of mlflow/utils/validation.py.
//
// `path` is the member that a message names ("metrics[3]"), empty for a request about one thing only.
// Pure functions. Errors: kInvalidArgument. Lengths are in characters.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "maru/base/status.h"
#include "maru/tracking/entities.h"

namespace maru::tracking {

inline constexpr std::size_t kBatchEntitiesMax = 1000;
inline constexpr std::size_t kBatchMetricsMax = 1000;
inline constexpr std::size_t kBatchParamsMax = 100;
inline constexpr std::size_t kBatchTagsMax = 100;

std::size_t CharacterCount(std::string_view utf8);
// The first `characters` of `utf8`.
std::string_view FirstCharacters(std::string_view utf8, std::size_t characters);

Status ValidateExperimentName(std::string_view name);
Status ValidateExperimentTag(const Tag& tag);
Status ValidateRunId(std::string_view run_id);
Status ValidateMetric(const Metric& metric, std::string_view path = {});
// Params and tags that are too long are cut, as the peer does by default.
Status ValidateParam(Param& param, std::string_view path = {});
Status ValidateTag(Tag& tag, std::string_view path = {});
Status ValidateTagKey(std::string_view key);
Status ValidateBatch(std::span<const Metric> metrics, std::span<Param> params, std::span<Tag> tags);
Status ValidateDataset(const DatasetInput& input);
Status ValidateLoggedModelName(std::string_view name);

// A page size: at least 1 and at most `max`.
Status ValidateMaxResults(std::int64_t max_results, std::int64_t max);

}  // namespace maru::tracking
