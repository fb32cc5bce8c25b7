#include "maru/tracking/validation.h"

#include <algorithm>
#include <unordered_set>
#include <vector>

#include "maru/json/json.h"

namespace maru::tracking {
namespace {

constexpr std::size_t kKeyMax = 250;
constexpr std::size_t kParamValueMax = 6000;
constexpr std::size_t kTagValueMax = 8000;
constexpr std::size_t kExperimentNameMax = 500;
constexpr std::size_t kExperimentTagValueMax = 20'000;

Status TooLong(std::string_view what, std::size_t limit) {
  return InvalidArgument("'{}' exceeds the maximum length of {} characters", what, limit);
}

Status InvalidValue(std::string_view path, std::string_view value, std::string_view why) {
  return InvalidArgument("Invalid value {} for parameter '{}' supplied: {}", json::Quote(value), path, why);
}

std::string Join(std::string_view path, std::string_view member) {
  return path.empty() ? std::string(member) : fmt::format("{}.{}", path, member);
}

// Letters of other scripts are fine: every byte past ASCII counts as one.
bool IsNameCharacter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '/' ||
         c == '.' || c == '-' || c == ' ' || c == ':' || static_cast<unsigned char>(c) >= 0x80;
}

// As posixpath.normpath does it.
std::string NormalPath(std::string_view path) {
  const bool absolute = path.starts_with('/');
  // POSIX gives exactly two leading slashes a meaning of their own.
  const std::string_view root = !absolute ? "" : path.starts_with("//") && !path.starts_with("///") ? "//" : "/";
  std::vector<std::string_view> parts;
  while (!path.empty()) {
    const std::size_t slash = path.find('/');
    const std::string_view part = path.substr(0, slash);
    path.remove_prefix(slash == path.npos ? path.size() : slash + 1);
    if (part.empty() || part == ".") continue;
    if (part != ".." || (!absolute && (parts.empty() || parts.back() == "..")))
      parts.push_back(part);
    else if (!parts.empty())
      parts.pop_back();
  }
  std::string normal(root);
  for (const std::string_view part : parts) {
    if (normal.size() > root.size()) normal += '/';
    normal += part;
  }
  return normal.empty() ? "." : normal;
}

// Names of params, metrics and tags may become paths of files somewhere.
Status ValidateName(std::string_view name, std::string_view path) {
  if (!std::all_of(name.begin(), name.end(), IsNameCharacter)) {
    return InvalidValue(path, name,
                        "Names may only contain alphanumerics, underscores (_), dashes (-), periods (.), spaces ( ), "
                        "colon(:) and slashes (/).");
  }
  const bool plain = name.find('/') == name.npos && name.find('.') == name.npos && !name.empty();
  if (plain) return OkStatus();
  const std::string normal = NormalPath(name);
  if (normal != name || normal == "." || normal.starts_with("..") || normal.starts_with("/")) {
    return InvalidValue(path, name,
                        fmt::format("Names may be treated as files in certain cases, and must not resolve to other "
                                    "names when treated as such. This name would resolve to '{}'",
                                    normal));
  }
  return OkStatus();
}

Status ValidateBatchSize(std::string_view what, std::size_t limit, std::size_t got) {
  if (got <= limit) return OkStatus();
  return InvalidArgument(
      "A batch logging request can contain at most {} {}. Got {} {}. Please split up {} across "
      "multiple requests and try again.",
      limit, what, got, what, what);
}

}  // namespace

std::size_t CharacterCount(std::string_view utf8) {
  return std::count_if(utf8.begin(), utf8.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; });
}

std::string_view FirstCharacters(std::string_view utf8, std::size_t characters) {
  std::size_t at = 0;
  for (; at < utf8.size(); ++at) {
    if ((static_cast<unsigned char>(utf8[at]) & 0xc0) != 0x80 && characters-- == 0) break;
  }
  return utf8.substr(0, at);
}

Status ValidateExperimentName(std::string_view name) {
  if (name.empty()) return InvalidArgument("Invalid experiment name: ''");
  if (name.size() > kExperimentNameMax && CharacterCount(name) > kExperimentNameMax)
    return TooLong("name", kExperimentNameMax);
  return OkStatus();
}

Status ValidateExperimentTag(const Tag& tag) {
  MARU_RETURN_IF_ERROR(ValidateName(tag.key, "key"));
  if (CharacterCount(tag.key) > kKeyMax) return TooLong("key", kKeyMax);
  if (CharacterCount(tag.value) > kExperimentTagValueMax) return TooLong("value", kExperimentTagValueMax);
  return OkStatus();
}

Status ValidateRunId(std::string_view run_id) {
  const auto word = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'); };
  if (!run_id.empty() && run_id.size() <= 256 && word(run_id[0]) &&
      std::all_of(run_id.begin(), run_id.end(), [&](char c) { return word(c) || c == '_' || c == '-'; })) {
    return OkStatus();
  }
  return InvalidArgument("Invalid value {} for parameter 'run_id' supplied.", json::Quote(run_id));
}

Status ValidateMetric(const Metric& metric, std::string_view path) {
  MARU_RETURN_IF_ERROR(ValidateName(metric.key, path.empty() ? "name" : Join(path, "name")));
  if (metric.point.timestamp_ms < 0) {
    return InvalidArgument(
        "Invalid value {} for parameter '{}' supplied: metric '{}' (value={}). Timestamp must be a "
        "nonnegative long (64-bit integer) ",
        metric.point.timestamp_ms, Join(path, "timestamp"), metric.key, metric.point.value);
  }
  if (metric.key.size() > kKeyMax && CharacterCount(metric.key) > kKeyMax) return TooLong("Metric name", kKeyMax);
  return OkStatus();
}

Status ValidateParam(Param& param, std::string_view path) {
  MARU_RETURN_IF_ERROR(ValidateName(param.key, Join(path, "key")));
  if (CharacterCount(param.key) > kKeyMax) return TooLong("Param key", kKeyMax);
  if (param.value.size() > kParamValueMax) param.value = FirstCharacters(param.value, kParamValueMax);
  return OkStatus();
}

Status ValidateTag(Tag& tag, std::string_view path) {
  MARU_RETURN_IF_ERROR(ValidateName(tag.key, Join(path, "key")));
  if (CharacterCount(tag.key) > kKeyMax) return TooLong(Join(path, "key"), kKeyMax);
  if (tag.value.size() > kTagValueMax) tag.value = FirstCharacters(tag.value, kTagValueMax);
  return OkStatus();
}

Status ValidateTagKey(std::string_view key) {
  return ValidateName(key, "key");
}

Status ValidateBatch(std::span<const Metric> metrics, std::span<Param> params, std::span<Tag> tags) {
  for (std::size_t i = 0; i < metrics.size(); ++i) {
    if (Status status = ValidateMetric(metrics[i]); !status.ok()) {
      return ValidateMetric(metrics[i], fmt::format("metrics[{}]", i));  // the place is spelled out only when needed
    }
  }
  for (std::size_t i = 0; i < params.size(); ++i) {
    MARU_RETURN_IF_ERROR(ValidateParam(params[i], fmt::format("params[{}]", i)));
  }
  for (std::size_t i = 0; i < tags.size(); ++i) MARU_RETURN_IF_ERROR(ValidateTag(tags[i], fmt::format("tags[{}]", i)));

  MARU_RETURN_IF_ERROR(ValidateBatchSize("metrics", kBatchMetricsMax, metrics.size()));
  MARU_RETURN_IF_ERROR(ValidateBatchSize("params", kBatchParamsMax, params.size()));
  MARU_RETURN_IF_ERROR(ValidateBatchSize("tags", kBatchTagsMax, tags.size()));
  MARU_RETURN_IF_ERROR(
      ValidateBatchSize("metrics, params, and tags", kBatchEntitiesMax, metrics.size() + params.size() + tags.size()));
  std::unordered_set<std::string_view> keys;
  std::string doubles;
  for (const Param& p : params) {
    if (keys.insert(p.key).second) continue;
    if (!doubles.empty()) doubles += ", ";
    doubles.append("'").append(p.key).append("'");
  }
  if (!doubles.empty()) {
    return InvalidArgument(
        "Duplicate parameter keys have been submitted: [{}]. Please ensure the request contains "
        "only one param value per param key.",
        doubles);
  }
  return OkStatus();
}

Status ValidateDataset(const DatasetInput& input) {
  struct Limit {
    std::string_view what, value;
    std::size_t max;
  };
  const Dataset& d = input.dataset;
  for (const Limit& limit :
       {Limit{"name", d.name, 500}, Limit{"digest", d.digest, 36}, Limit{"source", d.source, 65535},
        Limit{"schema", d.schema.value_or(""), 1048575}, Limit{"profile", d.profile.value_or(""), 16777215}}) {
    if (limit.value.size() > limit.max && CharacterCount(limit.value) > limit.max)
      return TooLong(limit.what, limit.max);
  }
  for (const Tag& tag : input.tags) {
    if (CharacterCount(tag.key) > 255) return TooLong("key", 255);
    if (CharacterCount(tag.value) > 500) return TooLong("value", 500);
  }
  return OkStatus();
}

Status ValidateLoggedModelName(std::string_view name) {
  if (!name.empty() && name.find_first_of("/:.%\"'") == name.npos) return OkStatus();
  return InvalidArgument(
      "Invalid model name ('{}') provided. Model name must be a non-empty string and cannot contain "
      "the following characters: ('/', ':', '.', '%', '\"', \"'\")",
      name);
}

Status ValidateMaxResults(std::int64_t max_results, std::int64_t max) {
  if (max_results < 1) {
    return InvalidArgument("Invalid value {} for parameter 'max_results' supplied. It must be a positive integer",
                           max_results);
  }
  if (max_results > max) {
    return InvalidArgument("Invalid value {} for parameter 'max_results' supplied. It must be at most {}", max_results,
                           max);
  }
  return OkStatus();
}

}  // namespace maru::tracking
