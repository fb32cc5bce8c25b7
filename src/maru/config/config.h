// Every setting of `maru up`, in one typed table. A flag wins over the environment, that over the YAML file, that over
// the default. The reference page (docs/guides/configuration.md) is printed from the same table.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <variant>

#include "maru/base/status.h"

namespace maru::config {

struct Config {
  std::string data = "maru-data";
  std::string address = "127.0.0.1";
  std::int64_t port = 5000;
  std::int64_t grpc_port = 5001;
  std::string database;       // empty: sqlite:DATA/maru.db
  std::string artifact_root;  // empty: DATA/artifacts
  bool auth = false;
  bool insecure = false;
  std::string tls_certificate;
  std::string tls_key;
  std::string log_format = "text";
  std::string log_level = "info";
  std::int64_t io_threads = 2;
  std::int64_t handler_threads = 32;
  std::int64_t connections_max = 10'000;
  std::int64_t header_bytes_max = 64 * 1024;
  std::int64_t body_bytes_max = 128 * 1024 * 1024;
  std::int64_t idle_timeout_ms = 75'000;
  std::int64_t drain_timeout_ms = 30'000;
  bool webhook_http = false;
  bool webhook_private_networks = false;
  std::string python;  // empty: the first of the server's own, $VIRTUAL_ENV's and PATH's python3
};

struct Option {
  const char* flag;  // "artifact-root": --artifact-root, MARU_ARTIFACT_ROOT, artifact_root in YAML
  std::variant<std::string Config::*, std::int64_t Config::*, bool Config::*> member;
  const char* placeholder;  // "URI"; empty for switches
  const char* help;
};
std::span<const Option> Options();

// `flags` are the ones given, by flag name. `environment` looks a variable up, null when it is not set.
// kInvalidArgument names the setting, where it came from, and what is allowed.
Result<Config> Load(const std::map<std::string, std::string>& flags, const char* (*environment)(const char*),
                    const std::string& yaml_file);

// The reference page, Markdown.
std::string Reference();

}  // namespace maru::config
