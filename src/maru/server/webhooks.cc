#include "maru/server/webhooks.h"

#include <utility>

#include "maru/api/mlflow/webhook_routes.h"
#include "maru/events/webhook_schema.h"

namespace maru::server {
namespace {

constexpr std::chrono::milliseconds kRequestTimeout{30'000};

}  // namespace

Webhooks::Webhooks(sql::Database& database, events::EventLog& events, const Clock* clock, events::SecretBox secrets,
                   events::NetworkPolicy policy)
    : database_(database),
      events_(events),
      clock_(clock),
      secrets_(std::move(secrets)),
      sender_(std::move(policy), kRequestTimeout),
      service_(database_, events_, clock_, secrets_, sender_) {}

Result<std::unique_ptr<Webhooks>> Webhooks::Mount(http::Router& router, sql::Database& database,
                                                  events::EventLog& events, const Clock* clock,
                                                  events::NetworkPolicy policy, const std::string& key_file) {
  MARU_RETURN_IF_ERROR(events::MigrateWebhooks(database));
  MARU_ASSIGN_OR_RETURN(auto secrets, events::SecretBox::Open(key_file));
  std::unique_ptr<Webhooks> webhooks(new Webhooks(database, events, clock, std::move(secrets), std::move(policy)));
  api::mlflow::MountWebhooks(router, webhooks->service_);
  return webhooks;
}

void Webhooks::Deliver() {
  dispatcher_ = events::WebhookDispatcher::Start(database_, events_, clock_, secrets_, sender_);
}

}  // namespace maru::server
