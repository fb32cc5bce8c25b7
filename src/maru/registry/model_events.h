// The registry's events. Types are MLflow's webhook names ("model_version.created", "prompt_alias.deleted") and
// payloads are MLflow's webhook payloads (https://mlflow.org/docs/latest/ml/webhooks/), so that a webhook is a copy of
// an event. Changes that MLflow has no webhook for follow the same pattern ("model_version.deleted").
//
// Subjects are "model/<name>" and "model/<name>/<version>", for prompts too.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "maru/base/caller.h"
#include "maru/events/event_log.h"
#include "maru/registry/model.h"
#include "maru/sql/database.h"

namespace maru::registry {

// Appends within one write transaction on behalf of one caller.
class ModelEvents {
 public:
  ModelEvents(events::EventLog& log, sql::Writer& writer, const Caller& caller)
      : log_(log), writer_(writer), caller_(caller) {}

  Status ModelCreated(bool prompt, std::string_view name, const Tags& tags, std::string_view description);
  Status ModelUpdated(bool prompt, std::string_view name);
  Status ModelRenamed(bool prompt, std::string_view name, std::string_view new_name);
  Status ModelDeleted(bool prompt, std::string_view name);
  Status ModelTagSet(bool prompt, std::string_view name, std::string_view key, std::string_view value);
  Status ModelTagDeleted(bool prompt, std::string_view name, std::string_view key);

  Status VersionCreated(bool prompt, const ModelVersion& version);
  Status VersionUpdated(bool prompt, std::string_view name, std::int64_t version);
  Status VersionDeleted(bool prompt, std::string_view name, std::int64_t version);
  Status StageChanged(std::string_view name, std::int64_t version, std::string_view from, std::string_view to);
  Status VersionTagSet(bool prompt, std::string_view name, std::int64_t version, std::string_view key,
                       std::string_view value);
  Status VersionTagDeleted(bool prompt, std::string_view name, std::int64_t version, std::string_view key);

  Status AliasSet(bool prompt, std::string_view name, std::string_view alias, std::int64_t version);
  Status AliasDeleted(bool prompt, std::string_view name, std::string_view alias);

 private:
  template <typename Payload>
  Status Append(std::string_view noun, std::string_view verb, std::string_view subject, const Payload& payload);

  events::EventLog& log_;
  sql::Writer& writer_;
  const Caller& caller_;
};

}  // namespace maru::registry
