// Registered models and model versions as MLflow's JSON has them (protos/model_registry.proto): empty lists and absent
// values are left out, version numbers are strings.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "maru/json/json.h"
#include "maru/registry/model_service.h"

namespace maru::api::mlflow {

struct TagShape {
  std::string key, value;
};
BOOST_DESCRIBE_STRUCT(TagShape, (), (key, value))

struct AliasShape {
  std::string alias, version;
};
BOOST_DESCRIBE_STRUCT(AliasShape, (), (alias, version))

struct ModelVersionShape {
  std::string name, version;
  std::int64_t creation_timestamp = 0, last_updated_timestamp = 0;
  std::optional<std::string> user_id;
  std::string current_stage;
  std::optional<std::string> description;
  std::string source, run_id, status = "READY";
  std::optional<std::vector<TagShape>> tags;
  std::string run_link;
  std::optional<std::vector<std::string>> aliases;
  std::optional<std::string> model_id;
};
BOOST_DESCRIBE_STRUCT(ModelVersionShape, (),
                      (name, version, creation_timestamp, last_updated_timestamp, user_id, current_stage, description,
                       source, run_id, status, tags, run_link, aliases, model_id))

struct RegisteredModelShape {
  std::string name;
  std::int64_t creation_timestamp = 0, last_updated_timestamp = 0;
  std::optional<std::string> description;
  std::optional<std::vector<ModelVersionShape>> latest_versions;
  std::optional<std::vector<TagShape>> tags;
  std::optional<std::vector<AliasShape>> aliases;
  std::optional<std::string> deployment_job_id;
};
BOOST_DESCRIBE_STRUCT(RegisteredModelShape, (),
                      (name, creation_timestamp, last_updated_timestamp, description, latest_versions, tags, aliases,
                       deployment_job_id))

ModelVersionShape Shape(const registry::ModelVersion& version);
RegisteredModelShape Shape(const registry::RegisteredModel& model);
std::vector<ModelVersionShape> Shapes(const std::vector<registry::ModelVersion>& versions);

// Of a key sent twice the last value counts.
registry::Tags TagsOf(const std::vector<TagShape>& tags);

// What both searches are asked with. A page size that is not sent is the search's own.
struct SearchRequest {
  std::string filter;
  std::optional<std::int64_t> max_results;
  std::vector<std::string> order_by;
  std::string page_token;
};
BOOST_DESCRIBE_STRUCT(SearchRequest, (), (filter, max_results, order_by, page_token))

registry::Search SearchOf(SearchRequest request, std::int64_t max_results_default);

// Nothing for an empty one, so that it is left out.
std::optional<std::string> NonEmpty(std::string text);

}  // namespace maru::api::mlflow
