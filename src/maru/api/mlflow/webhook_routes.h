// MLflow's webhook API.
#pragma once

#include "maru/events/webhook_service.h"
#include "maru/http/router.h"

namespace maru::api::mlflow {

// `webhooks` must outlive the router.
void MountWebhooks(http::Router& router, events::WebhookService& webhooks);

}  // namespace maru::api::mlflow
