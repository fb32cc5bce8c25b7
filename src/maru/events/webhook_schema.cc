#include "maru/events/webhook_schema.h"

#include "maru/sql/migration.h"

namespace maru::events {
namespace {

constexpr sql::Migration kMigrations[] = {{1, R"(
  CREATE TABLE webhooks (
    id TEXT PRIMARY KEY,
    workspace TEXT NOT NULL,
    name TEXT NOT NULL,
    description TEXT,
    url TEXT NOT NULL,
    secret BLOB,
    active BIGINT NOT NULL,
    created_ms BIGINT NOT NULL,
    updated_ms BIGINT NOT NULL
  );
  CREATE INDEX webhooks_by_age ON webhooks (workspace, created_ms, id);

  -- after_event: the last event that happened before this subscription began; that one and older ones are not for it.
  CREATE TABLE webhook_subscriptions (
    webhook_id TEXT NOT NULL REFERENCES webhooks (id) ON DELETE CASCADE,
    type TEXT NOT NULL,
    position BIGINT NOT NULL,
    after_event BIGINT NOT NULL,
    PRIMARY KEY (webhook_id, type)
  );

  -- One row for each event that a webhook has yet to be told of; gone when it has been, or is given up.
  CREATE TABLE webhook_deliveries (
    webhook_id TEXT NOT NULL REFERENCES webhooks (id) ON DELETE CASCADE,
    event_id BIGINT NOT NULL,
    id TEXT NOT NULL,
    attempts BIGINT NOT NULL,
    due_ms BIGINT NOT NULL,
    PRIMARY KEY (webhook_id, event_id)
  );
  CREATE INDEX webhook_deliveries_by_due ON webhook_deliveries (due_ms);
)"}};

}  // namespace

Status MigrateWebhooks(sql::Database& database) {
  return sql::Migrate(database, "webhooks", kMigrations);
}

}  // namespace maru::events
