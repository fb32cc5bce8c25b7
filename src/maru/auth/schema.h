// The tables of accounts. What is secret is stored as a hash only.
#pragma once

#include "maru/sql/migration.h"

namespace maru::auth {

inline constexpr sql::Migration kMigrations[] = {
    {1, R"(
CREATE TABLE users (
  id $SERIAL,
  name TEXT NOT NULL UNIQUE,
  password_hash TEXT NOT NULL,
  must_change BIGINT NOT NULL,
  created_time BIGINT NOT NULL
);
CREATE TABLE user_roles (
  user_id BIGINT NOT NULL,
  workspace TEXT NOT NULL,
  role TEXT NOT NULL,
  PRIMARY KEY (user_id, workspace)
);
CREATE TABLE tokens (
  id TEXT PRIMARY KEY,
  user_id BIGINT NOT NULL,
  name TEXT NOT NULL,
  hash TEXT NOT NULL UNIQUE,
  role TEXT NOT NULL,
  created_time BIGINT NOT NULL,
  expires_time BIGINT
);
CREATE INDEX tokens_user ON tokens (user_id);
CREATE TABLE sessions (
  hash TEXT PRIMARY KEY,
  user_id BIGINT NOT NULL,
  created_time BIGINT NOT NULL,
  expires_time BIGINT NOT NULL
);
CREATE INDEX sessions_user ON sessions (user_id);
CREATE INDEX sessions_expires ON sessions (expires_time);
)"},
};

}  // namespace maru::auth
