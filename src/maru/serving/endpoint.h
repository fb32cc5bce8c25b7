// An endpoint: an address that people call, and what is asked for behind it. Plain data, as stored and as shown.
#pragma once

#include <boost/describe/class.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "maru/base/status.h"
#include "maru/serving/revision_policy.h"

namespace maru::serving {

struct EndpointSettings {
  std::string environment = "auto";  // of Python models: auto, isolated or current; see python_environment.h
  std::int64_t threads = 1;          // that one call of an ONNX model computes on
  std::int64_t workers = 1;          // processes of a Python model
  std::int64_t queue_max = 1024;     // calls waiting or running
  std::int64_t timeout_ms = 60'000;  // of one call
};
BOOST_DESCRIBE_STRUCT(EndpointSettings, (), (environment, threads, workers, queue_max, timeout_ms))

// kInvalidArgument names the setting and what it may be.
Status CheckSettings(const EndpointSettings& settings);

// Letters, digits, '-', '_' and '.', at most 128, the first a letter or digit: it stands in addresses.
Status CheckEndpointName(std::string_view name);

struct EndpointRow {
  std::string workspace;
  std::string name;
  std::string model_uri;
  EndpointSettings settings;
  std::int64_t settings_generation = 1;
  std::string created_by;
  std::int64_t created_ms = 0;
  std::int64_t updated_ms = 0;
};

struct RevisionRow {
  std::int64_t number = 0;
  std::string model_name;
  std::string model_version;
  std::int64_t settings_generation = 1;
  RevisionState state = RevisionState::kLoading;
  std::string error;  // of kFailed
  std::int64_t attempts = 0;
  std::int64_t created_ms = 0;
  std::int64_t ready_ms = 0;  // 0: never was
  std::int64_t ended_ms = 0;  // failed or retired; 0: neither
};

}  // namespace maru::serving
