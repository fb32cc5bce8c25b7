#include "maru/events/webhook_service.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "maru/base/ids.h"
#include "maru/events/webhook_request.h"
#include "maru/events/webhook_types.h"
#include "maru/json/json.h"

namespace maru::events {
namespace {

constexpr std::string_view kInsert =
    "INSERT INTO webhooks (id, workspace, name, description, url, secret, active, created_ms, updated_ms) "
    "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)";
constexpr std::string_view kSelect =
    "SELECT id, workspace, name, description, url, active, created_ms, updated_ms FROM webhooks "
    "WHERE workspace = ? AND id = ?";
constexpr std::string_view kList =
    "SELECT id, workspace, name, description, url, active, created_ms, updated_ms FROM webhooks "
    "WHERE workspace = ? AND (created_ms < ? OR (created_ms = ? AND id < ?)) ORDER BY created_ms DESC, id DESC LIMIT ?";
constexpr std::string_view kUpdate =
    "UPDATE webhooks SET name = ?, description = ?, url = ?, active = ?, updated_ms = ? WHERE id = ?";
constexpr std::string_view kSetSecret = "UPDATE webhooks SET secret = ? WHERE id = ?";
constexpr std::string_view kGetSecret = "SELECT secret FROM webhooks WHERE id = ?";
constexpr std::string_view kDelete = "DELETE FROM webhooks WHERE workspace = ? AND id = ?";
constexpr std::string_view kTypes = "SELECT type FROM webhook_subscriptions WHERE webhook_id = ? ORDER BY position";
constexpr std::string_view kSubscribe =
    "INSERT INTO webhook_subscriptions (webhook_id, type, position, after_event) VALUES (?, ?, ?, "
    "(SELECT COALESCE(MAX(id), 0) FROM events)) "
    "ON CONFLICT (webhook_id, type) DO UPDATE SET position = excluded.position";
constexpr std::string_view kUnsubscribe = "DELETE FROM webhook_subscriptions WHERE webhook_id = ? AND type = ?";
constexpr std::string_view kStartOver =
    "UPDATE webhook_subscriptions SET after_event = (SELECT COALESCE(MAX(id), 0) FROM events) WHERE webhook_id = ?";
constexpr std::string_view kForgetDeliveries = "DELETE FROM webhook_deliveries WHERE webhook_id = ?";

Webhook FromRow(const sql::Row& row) {
  return Webhook{.id = row.String(0),
                 .workspace = row.String(1),
                 .name = row.String(2),
                 .description = row.OptionalString(3),
                 .url = row.String(4),
                 .active = row.Bool(5),
                 .created_ms = row.Int(6),
                 .updated_ms = row.Int(7)};
}

Status LoadTypes(sql::Reader& reader, Webhook& webhook) {
  MARU_ASSIGN_OR_RETURN(webhook.event_types,
                        reader.QueryAll(kTypes, {webhook.id}, [](const sql::Row& row) { return row.String(0); }));
  return OkStatus();
}

Result<Webhook> Load(sql::Reader& reader, const Caller& caller, std::string_view id) {
  MARU_ASSIGN_OR_RETURN(auto found, reader.QueryOne(kSelect, {caller.workspace, id}, FromRow));
  if (!found) return NotFound("Webhook with ID {} not found.", id);
  MARU_RETURN_IF_ERROR(LoadTypes(reader, *found));
  return *std::move(found);
}

// MLflow's rule: 1 to 63 letters, digits, '.', '_', '-', with a letter or digit at both ends.
Status CheckName(std::string_view name) {
  const auto alphanumeric = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
  };
  const bool good = !name.empty() && name.size() <= 63 && alphanumeric(name.front()) && alphanumeric(name.back()) &&
                    std::all_of(name.begin(), name.end(),
                                [&](char c) { return alphanumeric(c) || c == '.' || c == '_' || c == '-'; });
  if (good) return OkStatus();
  return InvalidArgument(
      "Webhook name '{}' is invalid. It must start and end with a letter or digit, be less than 63 characters long, "
      "and "
      "contain only letters, digits, dots (.), underscores (_), and hyphens (-).",
      name);
}

Status CheckTypes(const std::vector<std::string>& types) {
  if (types.empty()) return InvalidArgument("Webhook events must be a non-empty list.");
  for (const std::string& type : types) {
    if (FindWebhookType(type) != nullptr) continue;
    const std::size_t dot = std::min(type.find('.'), type.size());
    std::vector<std::string> actions;
    for (const WebhookType& known : WebhookTypes()) {
      if (known.entity == type.substr(0, dot)) actions.emplace_back(known.action);
    }
    return InvalidArgument("Invalid action '{}' for entity '{}'. Valid actions are: {}",
                           dot < type.size() ? type.substr(dot + 1) : "", type.substr(0, dot), json::Encode(actions));
  }
  return OkStatus();
}

Status Subscribe(sql::Writer& writer, std::string_view id, const std::vector<std::string>& types) {
  std::int64_t position = 0;
  for (const std::string& type : types) {
    MARU_RETURN_IF_ERROR(writer.Execute(kSubscribe, {id, type, ++position}).status());
  }
  return OkStatus();
}

struct ListPosition {
  std::int64_t created_ms = INT64_MAX;
  std::string id;
};

Result<ListPosition> ParsePageToken(std::string_view token) {
  ListPosition position;
  if (token.empty()) return position;
  const auto [end, error] = std::from_chars(token.data(), token.data() + token.size(), position.created_ms);
  if (error != std::errc() || end == token.data() + token.size() || *end != '-') {
    return InvalidArgument("Invalid page token: {}", token);
  }
  position.id = std::string(end + 1, token.data() + token.size());
  return position;
}

}  // namespace

Status WebhookService::CheckChange(const WebhookChange& change) const {
  if (change.name) MARU_RETURN_IF_ERROR(CheckName(*change.name));
  if (change.url) MARU_RETURN_IF_ERROR(CheckUrl(sender_.policy(), *change.url));
  if (change.event_types) MARU_RETURN_IF_ERROR(CheckTypes(*change.event_types));
  return OkStatus();
}

Result<Webhook> WebhookService::Create(const Caller& caller, Webhook webhook, std::string_view secret) {
  MARU_RETURN_IF_ERROR(CheckChange({.name = webhook.name, .url = webhook.url, .event_types = webhook.event_types}));
  webhook.id = NewUuidHex();
  webhook.workspace = caller.workspace;
  webhook.created_ms = webhook.updated_ms = clock_->NowMs();
  const std::string sealed = secret.empty() ? "" : secrets_.Seal(secret);
  using Arg = sql::Args::Arg;
  MARU_RETURN_IF_ERROR(database_.Write([&](sql::Writer& w) -> Status {
    MARU_RETURN_IF_ERROR(w.Execute(kInsert, {webhook.id, webhook.workspace, webhook.name, webhook.description,
                                             webhook.url, sealed.empty() ? Arg(nullptr) : Arg(sql::Blob{sealed}),
                                             webhook.active, webhook.created_ms, webhook.updated_ms})
                             .status());
    MARU_RETURN_IF_ERROR(Subscribe(w, webhook.id, webhook.event_types));
    return events_.Append(w, caller, "webhook.created", "webhook/" + webhook.id);
  }));
  events_.Announce();
  return webhook;
}

Result<Webhook> WebhookService::Get(const Caller& caller, std::string_view id) {
  Webhook webhook;
  MARU_RETURN_IF_ERROR(database_.Read([&](sql::Reader& r) -> Status {
    MARU_ASSIGN_OR_RETURN(webhook, Load(r, caller, id));
    return OkStatus();
  }));
  return webhook;
}

Result<WebhookPage> WebhookService::List(const Caller& caller, int max_results, std::string_view page_token) {
  if (max_results < 1 || max_results > 1000) return InvalidArgument("max_results must be between 1 and 1000.");
  MARU_ASSIGN_OR_RETURN(const ListPosition from, ParsePageToken(page_token));
  WebhookPage page;
  MARU_RETURN_IF_ERROR(database_.Read([&](sql::Reader& r) -> Status {
    MARU_ASSIGN_OR_RETURN(
        page.webhooks,
        r.QueryAll(kList, {caller.workspace, from.created_ms, from.created_ms, from.id, max_results + 1}, FromRow));
    for (Webhook& webhook : page.webhooks) MARU_RETURN_IF_ERROR(LoadTypes(r, webhook));
    return OkStatus();
  }));
  if (page.webhooks.size() > static_cast<std::size_t>(max_results)) {
    page.webhooks.pop_back();
    page.next_page_token = fmt::format("{}-{}", page.webhooks.back().created_ms, page.webhooks.back().id);
  }
  return page;
}

Result<Webhook> WebhookService::Update(const Caller& caller, std::string_view id, const WebhookChange& change) {
  MARU_RETURN_IF_ERROR(CheckChange(change));
  const std::string sealed = change.secret && !change.secret->empty() ? secrets_.Seal(*change.secret) : "";
  const std::int64_t now = clock_->NowMs();
  using Arg = sql::Args::Arg;
  Webhook webhook;
  MARU_RETURN_IF_ERROR(database_.Write([&](sql::Writer& w) -> Status {
    MARU_ASSIGN_OR_RETURN(webhook, Load(w, caller, id));
    const bool was_active = webhook.active;
    if (change.name) webhook.name = *change.name;
    if (change.description) webhook.description = change.description;
    if (change.url) webhook.url = *change.url;
    if (change.active) webhook.active = *change.active;
    webhook.updated_ms = now;
    MARU_RETURN_IF_ERROR(
        w.Execute(kUpdate, {webhook.name, webhook.description, webhook.url, webhook.active, now, id}).status());
    if (change.secret) {
      MARU_RETURN_IF_ERROR(
          w.Execute(kSetSecret, {sealed.empty() ? Arg(nullptr) : Arg(sql::Blob{sealed}), id}).status());
    }
    if (change.event_types) {
      for (const std::string& old : webhook.event_types) {
        if (std::find(change.event_types->begin(), change.event_types->end(), old) == change.event_types->end()) {
          MARU_RETURN_IF_ERROR(w.Execute(kUnsubscribe, {id, old}).status());
        }
      }
      MARU_RETURN_IF_ERROR(Subscribe(w, id, *change.event_types));
      webhook.event_types = *change.event_types;
    }
    if (was_active && !webhook.active) MARU_RETURN_IF_ERROR(w.Execute(kForgetDeliveries, {id}).status());
    if (!was_active && webhook.active) MARU_RETURN_IF_ERROR(w.Execute(kStartOver, {id}).status());
    return events_.Append(w, caller, "webhook.updated", "webhook/" + webhook.id);
  }));
  events_.Announce();
  return webhook;
}

Status WebhookService::Delete(const Caller& caller, std::string_view id) {
  MARU_RETURN_IF_ERROR(database_.Write([&](sql::Writer& w) -> Status {
    MARU_ASSIGN_OR_RETURN(const std::int64_t deleted, w.Execute(kDelete, {caller.workspace, id}));
    if (deleted == 0) return NotFound("Webhook with ID {} not found.", id);
    return events_.Append(w, caller, "webhook.deleted", fmt::format("webhook/{}", id));
  }));
  events_.Announce();
  return OkStatus();
}

Result<DeliveryOutcome> WebhookService::Test(const Caller& caller, std::string_view id,
                                             std::optional<std::string> event_type) {
  Webhook webhook;
  std::string sealed;
  MARU_RETURN_IF_ERROR(database_.Read([&](sql::Reader& r) -> Status {
    MARU_ASSIGN_OR_RETURN(webhook, Load(r, caller, id));
    MARU_ASSIGN_OR_RETURN(const auto found,
                          r.QueryOne(kGetSecret, {id}, [](const sql::Row& row) { return std::string(row.Bytes(0)); }));
    sealed = found.value_or("");
    return OkStatus();
  }));
  if (event_type) MARU_RETURN_IF_ERROR(CheckTypes({*event_type}));
  const WebhookType* type = FindWebhookType(event_type.value_or(webhook.event_types.front()));
  if (type == nullptr) return Internal("webhook {} has an unknown event type", id);
  std::string secret;
  if (!sealed.empty()) {
    MARU_ASSIGN_OR_RETURN(secret, secrets_.Unseal(sealed));
  }
  const std::int64_t now = clock_->NowMs();
  const Event example{.time_ms = now,
                      .workspace = webhook.workspace,
                      .type = std::string(type->type),
                      .payload = std::string(type->example_payload)};
  return sender_.Post(webhook.url, MakeWebhookRequest(example, NewUuidHex(), secret, now));
}

}  // namespace maru::events
