// An event as the API shows it.
#pragma once

#include <string>

#include "maru/events/event_log.h"
#include "maru/json/json.h"

namespace maru::api::own {

struct Event {
  std::int64_t id = 0;
  std::int64_t time_ms = 0;
  std::string principal;
  std::string type;     // "run.created"
  std::string subject;  // "run/7f3a…"
  json::Raw payload;    // an object
};
BOOST_DESCRIBE_STRUCT(Event, (), (id, time_ms, principal, type, subject, payload))

inline Event ShapeEvent(const events::Event& from) {
  return {from.id, from.time_ms, from.principal, from.type, from.subject, {from.payload.empty() ? "{}" : from.payload}};
}

}  // namespace maru::api::own
