#include <algorithm>
#include <cctype>
#include <utility>

#include "maru/api/mlflow/required.h"
#include "maru/api/mlflow/rpc.h"
#include "maru/api/mlflow/webhook_routes.h"

namespace maru::api::mlflow {
namespace {

using events::WebhookService;

// Enums travel by their protobuf names: {"entity": "MODEL_VERSION", "action": "CREATED"}.
struct EventShape {
  std::string entity, action;
};
BOOST_DESCRIBE_STRUCT(EventShape, (), (entity, action))

struct WebhookShape {
  std::string webhook_id, name;
  std::optional<std::string> description;
  std::string url;
  std::vector<EventShape> events;
  std::string status;
  std::int64_t creation_timestamp, last_updated_timestamp;
};
BOOST_DESCRIBE_STRUCT(WebhookShape, (),
                      (webhook_id, name, description, url, events, status, creation_timestamp, last_updated_timestamp))

struct OneWebhook {
  WebhookShape webhook;
};
BOOST_DESCRIBE_STRUCT(OneWebhook, (), (webhook))

struct ListRequest {
  std::optional<std::int64_t> max_results;
  std::string page_token;
};
BOOST_DESCRIBE_STRUCT(ListRequest, (), (max_results, page_token))

struct ListResponse {
  std::vector<WebhookShape> webhooks;
  std::optional<std::string> next_page_token;
};
BOOST_DESCRIBE_STRUCT(ListResponse, (), (webhooks, next_page_token))

struct ChangeRequest {
  std::optional<std::string> name, description, url;
  std::vector<EventShape> events;
  std::optional<std::string> secret, status;
};
BOOST_DESCRIBE_STRUCT(ChangeRequest, (), (name, description, url, events, secret, status))

struct TestRequest {
  std::optional<EventShape> event;
};
BOOST_DESCRIBE_STRUCT(TestRequest, (), (event))

struct TestResult {
  bool success;
  std::optional<int> response_status;
  std::optional<std::string> response_body, error_message;
};
BOOST_DESCRIBE_STRUCT(TestResult, (), (success, response_status, response_body, error_message))

struct TestResponse {
  TestResult result;
};
BOOST_DESCRIBE_STRUCT(TestResponse, (), (result))

std::string Mapped(std::string text, int (*map)(int)) {
  std::transform(text.begin(), text.end(), text.begin(), [&](unsigned char c) { return static_cast<char>(map(c)); });
  return text;
}

std::string TypeOf(const EventShape& event) {
  return Mapped(event.entity, std::tolower) + "." + Mapped(event.action, std::tolower);
}

std::vector<std::string> TypesOf(const std::vector<EventShape>& events) {
  std::vector<std::string> types;
  for (const EventShape& event : events) types.push_back(TypeOf(event));
  return types;
}

Result<std::optional<bool>> ActiveOf(const std::optional<std::string>& status) {
  if (!status) return std::nullopt;
  if (*status == "ACTIVE" || *status == "DISABLED") return *status == "ACTIVE";
  return InvalidArgument("Invalid webhook status '{}'. It must be ACTIVE or DISABLED.", *status);
}

// What MLflow's wire does not tell from absent.
std::optional<std::string> NonEmpty(std::optional<std::string> text) {
  return text && text->empty() ? std::nullopt : std::move(text);
}

WebhookShape ShapeOf(const events::Webhook& webhook) {
  WebhookShape shape{.webhook_id = webhook.id,
                     .name = webhook.name,
                     .description = NonEmpty(webhook.description),
                     .url = webhook.url,
                     .status = webhook.active ? "ACTIVE" : "DISABLED",
                     .creation_timestamp = webhook.created_ms,
                     .last_updated_timestamp = webhook.updated_ms};
  for (const std::string& type : webhook.event_types) {
    const std::size_t dot = type.find('.');
    shape.events.push_back({Mapped(type.substr(0, dot), std::toupper), Mapped(type.substr(dot + 1), std::toupper)});
  }
  return shape;
}

Result<OneWebhook> Create(WebhookService& webhooks, const Caller& caller, ChangeRequest request) {
  MARU_RETURN_IF_ERROR(Require("name", request.name));
  MARU_RETURN_IF_ERROR(Require("url", request.url));
  if (request.events.empty()) return Missing("events");
  MARU_ASSIGN_OR_RETURN(const auto active, ActiveOf(request.status));
  events::Webhook webhook{.name = *request.name,
                          .description = NonEmpty(request.description),
                          .url = *request.url,
                          .event_types = TypesOf(request.events),
                          .active = active.value_or(true)};
  MARU_ASSIGN_OR_RETURN(const auto created, webhooks.Create(caller, std::move(webhook), request.secret.value_or("")));
  return OneWebhook{ShapeOf(created)};
}

Result<ListResponse> List(WebhookService& webhooks, const Caller& caller, ListRequest request) {
  const std::int64_t max_results = request.max_results.value_or(0) == 0 ? 100 : *request.max_results;
  MARU_ASSIGN_OR_RETURN(
      const auto page,
      webhooks.List(caller, static_cast<int>(std::clamp<std::int64_t>(max_results, -1, 1001)), request.page_token));
  ListResponse response{.next_page_token = NonEmpty(page.next_page_token)};
  for (const events::Webhook& webhook : page.webhooks) response.webhooks.push_back(ShapeOf(webhook));
  return response;
}

Result<OneWebhook> Get(WebhookService& webhooks, const http::Request& request, Empty) {
  MARU_ASSIGN_OR_RETURN(const auto webhook, webhooks.Get(request.caller, request.Capture("webhook_id")));
  return OneWebhook{ShapeOf(webhook)};
}

Result<OneWebhook> Update(WebhookService& webhooks, const http::Request& request, ChangeRequest change) {
  MARU_ASSIGN_OR_RETURN(const auto active, ActiveOf(change.status));
  events::WebhookChange wanted{.name = NonEmpty(std::move(change.name)),
                               .description = std::move(change.description),
                               .url = NonEmpty(std::move(change.url)),
                               .secret = std::move(change.secret),
                               .active = active};
  if (!change.events.empty()) wanted.event_types = TypesOf(change.events);
  MARU_ASSIGN_OR_RETURN(const auto webhook, webhooks.Update(request.caller, request.Capture("webhook_id"), wanted));
  return OneWebhook{ShapeOf(webhook)};
}

Result<Empty> Delete(WebhookService& webhooks, const http::Request& request, Empty) {
  MARU_RETURN_IF_ERROR(webhooks.Delete(request.caller, request.Capture("webhook_id")));
  return Empty{};
}

Result<TestResponse> Test(WebhookService& webhooks, const http::Request& request, TestRequest test) {
  std::optional<std::string> type;
  if (test.event) type = TypeOf(*test.event);
  MARU_ASSIGN_OR_RETURN(auto outcome, webhooks.Test(request.caller, request.Capture("webhook_id"), type));
  TestResult result{.success = outcome.delivered()};
  if (outcome.http_status != 0) {
    result.response_status = outcome.http_status;
    result.response_body = NonEmpty(std::move(outcome.body));
  } else {
    result.error_message = "Failed to test webhook: " + outcome.error;
  }
  return TestResponse{std::move(result)};
}

// A webhook sends what happens here to somewhere else: that is for administrators.
constexpr Rpc<WebhookService> kWebhooks[] = {
    {Verb::kPost, "2.0/mlflow/webhooks", Permission::kAdmin, Call<Create>},
    {Verb::kGet, "2.0/mlflow/webhooks", Permission::kAdmin, Call<List>},
    {Verb::kGet, "2.0/mlflow/webhooks/{webhook_id}", Permission::kAdmin, Call<Get>},
    {Verb::kPatch, "2.0/mlflow/webhooks/{webhook_id}", Permission::kAdmin, Call<Update>},
    {Verb::kDelete, "2.0/mlflow/webhooks/{webhook_id}", Permission::kAdmin, Call<Delete>},
    {Verb::kPost, "2.0/mlflow/webhooks/{webhook_id}/test", Permission::kAdmin, Call<Test>},
};

}  // namespace

void MountWebhooks(http::Router& router, WebhookService& webhooks) {
  Mount(router, webhooks, kWebhooks);
}

}  // namespace maru::api::mlflow
