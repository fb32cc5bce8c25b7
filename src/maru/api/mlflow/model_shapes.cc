#include "maru/api/mlflow/model_shapes.h"

namespace maru::api::mlflow {
namespace {

template <typename T>
std::optional<std::vector<T>> NonEmpty(std::vector<T> list) {
  return list.empty() ? std::nullopt : std::optional(std::move(list));
}

std::optional<std::vector<TagShape>> Shape(const registry::Tags& tags) {
  std::vector<TagShape> shapes;
  for (const auto& [key, value] : tags) shapes.push_back({key, value});
  return NonEmpty(std::move(shapes));
}

}  // namespace

std::optional<std::string> NonEmpty(std::string text) {
  return text.empty() ? std::nullopt : std::optional(std::move(text));
}

ModelVersionShape Shape(const registry::ModelVersion& version) {
  ModelVersionShape shape;
  shape.name = version.name;
  shape.version = std::to_string(version.version);
  shape.creation_timestamp = version.created_ms;
  shape.last_updated_timestamp = version.updated_ms;
  // Without authentication everybody is anonymous, and the peer names nobody.
  if (version.user_id != Caller{}.principal) shape.user_id = NonEmpty(version.user_id);
  shape.current_stage = version.stage;
  shape.description = version.description;
  shape.source = version.source;
  shape.run_id = version.run_id;
  shape.tags = Shape(version.tags);
  shape.run_link = version.run_link;
  shape.aliases = NonEmpty(version.aliases);
  shape.model_id = NonEmpty(version.logged_model_id);
  return shape;
}

RegisteredModelShape Shape(const registry::RegisteredModel& model) {
  RegisteredModelShape shape;
  shape.name = model.name;
  shape.creation_timestamp = model.created_ms;
  shape.last_updated_timestamp = model.updated_ms;
  shape.description = NonEmpty(model.description.value_or(""));
  shape.latest_versions = NonEmpty(Shapes(model.latest_versions));
  shape.tags = Shape(model.tags);
  std::vector<AliasShape> aliases;
  for (const registry::Alias& alias : model.aliases) aliases.push_back({alias.alias, std::to_string(alias.version)});
  shape.aliases = NonEmpty(std::move(aliases));
  shape.deployment_job_id = NonEmpty(model.deployment_job_id);
  return shape;
}

std::vector<ModelVersionShape> Shapes(const std::vector<registry::ModelVersion>& versions) {
  std::vector<ModelVersionShape> shapes;
  shapes.reserve(versions.size());
  for (const registry::ModelVersion& version : versions) shapes.push_back(Shape(version));
  return shapes;
}

registry::Tags TagsOf(const std::vector<TagShape>& tags) {
  registry::Tags map;
  for (const TagShape& tag : tags) map[tag.key] = tag.value;
  return map;
}

registry::Search SearchOf(SearchRequest request, std::int64_t max_results_default) {
  return {.filter = std::move(request.filter),
          .order_by = std::move(request.order_by),
          .max_results = request.max_results.value_or(max_results_default),
          .page_token = std::move(request.page_token)};
}

}  // namespace maru::api::mlflow
