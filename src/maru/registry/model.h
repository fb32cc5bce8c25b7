// The registry's nouns as plain data. Times are milliseconds since the Unix epoch.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace maru::registry {

using Tags = std::map<std::string, std::string>;

// The tag that makes a registered model a prompt, and the one that holds a prompt version's text.
inline constexpr char kIsPromptTag[] = "mlflow.prompt.is_prompt";
inline constexpr char kPromptTextTag[] = "mlflow.prompt.text";
inline constexpr char kPromptTypeTag[] = "_mlflow_prompt_type";

// Tags of a prompt say so with any spelling of "true".
bool SaysPrompt(const Tags& tags);

// MLflow's stages, in the order in which its messages list them.
inline constexpr const char* kStages[] = {"None", "Staging", "Production", "Archived"};

struct Alias {
  std::string alias;
  std::int64_t version = 0;
};

struct ModelVersion {
  std::string name;
  std::int64_t version = 0;
  std::int64_t created_ms = 0;
  std::int64_t updated_ms = 0;
  std::optional<std::string> description;
  std::string user_id;  // the principal that created it
  std::string stage = "None";
  std::string source;            // as registered
  std::string storage_location;  // where the artifacts are: `source`, followed when that is a models:/ address
  std::string run_id;            // empty when no run made it
  std::string run_link;
  std::string logged_model_id;  // empty when it was not registered from a logged model
  Tags tags;
  std::vector<std::string> aliases;
};

struct RegisteredModel {
  std::string name;
  std::int64_t created_ms = 0;
  std::int64_t updated_ms = 0;
  std::optional<std::string> description;
  std::string deployment_job_id;
  std::vector<ModelVersion> latest_versions;  // the newest of each stage that has one
  Tags tags;
  std::vector<Alias> aliases;

  bool is_prompt() const { return SaysPrompt(tags); }
};

}  // namespace maru::registry
