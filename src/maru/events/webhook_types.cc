#include "maru/events/webhook_types.h"

namespace maru::events {
namespace {

constexpr std::string_view kModel = R"({"name": "churn", "tags": {"team": "growth"}, "description": "Who will leave"})";
constexpr std::string_view kVersion =
    R"({"name": "churn", "version": "3", "source": "models:/m-5f2c", "run_id": "7f3a0c1d5be84f6f9d2f8f3a6c1d5be8", )"
    R"("tags": {"stage": "candidate"}, "description": "Trained on October"})";
constexpr std::string_view kVersionTag = R"({"name": "churn", "version": "3", "key": "reviewed", "value": "yes"})";
constexpr std::string_view kVersionTagKey = R"({"name": "churn", "version": "3", "key": "reviewed"})";
constexpr std::string_view kAlias = R"({"name": "churn", "alias": "champion", "version": "3"})";
constexpr std::string_view kAliasName = R"({"name": "churn", "alias": "champion"})";
constexpr std::string_view kPrompt =
    R"({"name": "greeting", "tags": {"team": "growth"}, "description": "How we say hello"})";
constexpr std::string_view kPromptVersion =
    R"({"name": "greeting", "version": "3", "template": "Hello {{name}}!", "tags": {"tone": "warm"}, )"
    R"("description": "Shorter"})";
constexpr std::string_view kPromptTag = R"({"name": "greeting", "key": "tone", "value": "warm"})";
constexpr std::string_view kPromptTagKey = R"({"name": "greeting", "key": "tone"})";
constexpr std::string_view kPromptVersionTag =
    R"({"name": "greeting", "version": "3", "key": "tone", "value": "warm"})";
constexpr std::string_view kPromptVersionTagKey = R"({"name": "greeting", "version": "3", "key": "tone"})";
constexpr std::string_view kPromptAlias = R"({"name": "greeting", "alias": "champion", "version": "3"})";
constexpr std::string_view kPromptAliasName = R"({"name": "greeting", "alias": "champion"})";
constexpr std::string_view kBudget =
    R"({"budget_policy_id": "bp-1", "budget_unit": "USD", "budget_amount": 100.0, "current_spend": 105.5, )"
    R"("duration_unit": "MONTHS", "duration_value": 1, "target_scope": "ENDPOINT", "workspace": "default", )"
    R"("target_value": "ep-1", "window_start": 1704067200000})";

constexpr WebhookType kTypes[] = {
    {"registered_model", "created", "registered_model.created", kModel},
    {"model_version", "created", "model_version.created", kVersion},
    {"model_version_tag", "set", "model_version_tag.set", kVersionTag},
    {"model_version_tag", "deleted", "model_version_tag.deleted", kVersionTagKey},
    {"model_version_alias", "created", "model_version_alias.created", kAlias},
    {"model_version_alias", "deleted", "model_version_alias.deleted", kAliasName},
    {"prompt", "created", "prompt.created", kPrompt},
    {"prompt_version", "created", "prompt_version.created", kPromptVersion},
    {"prompt_tag", "set", "prompt_tag.set", kPromptTag},
    {"prompt_tag", "deleted", "prompt_tag.deleted", kPromptTagKey},
    {"prompt_version_tag", "set", "prompt_version_tag.set", kPromptVersionTag},
    {"prompt_version_tag", "deleted", "prompt_version_tag.deleted", kPromptVersionTagKey},
    {"prompt_alias", "created", "prompt_alias.created", kPromptAlias},
    {"prompt_alias", "deleted", "prompt_alias.deleted", kPromptAliasName},
    {"budget_policy", "exceeded", "budget_policy.exceeded", kBudget},
};

}  // namespace

std::span<const WebhookType> WebhookTypes() {
  return kTypes;
}

const WebhookType* FindWebhookType(std::string_view type) {
  for (const WebhookType& known : kTypes) {
    if (known.type == type) return &known;
  }
  return nullptr;
}

}  // namespace maru::events
