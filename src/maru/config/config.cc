#include "maru/config/config.h"

#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <optional>

namespace maru::config {
namespace {

constexpr Option kOptions[] = {
    {"data", &Config::data, "DIR", "folder for everything the server keeps on this machine"},
    {"address", &Config::address, "IP", "address to listen on; any but loopback needs --auth or --insecure"},
    {"port", &Config::port, "N", "port of all HTTP wires; 0 picks a free one and prints it"},
    {"grpc-port", &Config::grpc_port, "N", "port of all gRPC wires; 0 picks a free one and prints it"},
    {"database", &Config::database, "URL",
     "sqlite:PATH or postgresql://…; by default an SQLite file in the data folder"},
    {"artifact-root", &Config::artifact_root, "URI",
     "a folder or s3://bucket/prefix; by default a folder in the data folder"},
    {"auth", &Config::auth, "", "ask for users and tokens; the first start prints a one-time password for `admin`"},
    {"insecure", &Config::insecure, "", "allow other machines to connect without credentials"},
    {"tls-certificate", &Config::tls_certificate, "FILE",
     "PEM certificate chain; together with --tls-key turns TLS on"},
    {"tls-key", &Config::tls_key, "FILE", "PEM private key of the certificate"},
    {"log-format", &Config::log_format, "text|json", "one line per event, for people or for programs"},
    {"log-level", &Config::log_level, "LEVEL", "debug, info, warn or error"},
    {"io-threads", &Config::io_threads, "N", "threads that move bytes between sockets and handlers"},
    {"handler-threads", &Config::handler_threads, "N", "threads that run requests, at most; started as needed"},
    {"connections-max", &Config::connections_max, "N", "open connections, at most"},
    {"header-bytes-max", &Config::header_bytes_max, "BYTES", "size of a request's head, at most"},
    {"body-bytes-max", &Config::body_bytes_max, "BYTES",
     "size of a body held in memory, at most; artifacts stream and have no limit"},
    {"idle-timeout-ms", &Config::idle_timeout_ms, "MS", "how long a connection may wait for its next request"},
    {"drain-timeout-ms", &Config::drain_timeout_ms, "MS", "how long requests under way may take after SIGTERM"},
    {"webhook-http", &Config::webhook_http, "", "allow webhooks to receivers without TLS"},
    {"webhook-private-networks", &Config::webhook_private_networks, "",
     "allow webhooks to receivers on loopback, private and link-local addresses"},
    {"python", &Config::python, "FILE", "interpreter for model workers; by default the one of the active environment"},
};

std::string Underscored(std::string_view flag) {
  std::string name(flag);
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
}

std::string EnvironmentName(std::string_view flag) {
  std::string name = "MARU_" + Underscored(flag);
  std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) { return std::toupper(c); });
  return name;
}

Status Set(Config& config, const Option& option, const std::string& text, std::string_view source) {
  if (const auto* member = std::get_if<std::string Config::*>(&option.member)) {
    config.*(*member) = text;
    return OkStatus();
  }
  if (const auto* member = std::get_if<bool Config::*>(&option.member)) {
    if (text != "true" && text != "false" && text != "1" && text != "0") {
      return InvalidArgument("{} ({}): expected true or false, got \"{}\"", option.flag, source, text);
    }
    config.*(*member) = text == "true" || text == "1";
    return OkStatus();
  }
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value < 0) {
    return InvalidArgument("{} ({}): expected a whole number, got \"{}\"", option.flag, source, text);
  }
  config.*std::get<std::int64_t Config::*>(option.member) = value;
  return OkStatus();
}

Status LoadYaml(Config& config, const std::string& file) {
  try {
    const YAML::Node root = YAML::LoadFile(file);
    for (const auto& entry : root) {
      const std::string name = entry.first.as<std::string>();
      const auto option = std::find_if(std::begin(kOptions), std::end(kOptions),
                                       [&](const Option& o) { return Underscored(o.flag) == name; });
      if (option == std::end(kOptions)) return InvalidArgument("{}: there is no setting \"{}\"", file, name);
      MARU_RETURN_IF_ERROR(Set(config, *option, entry.second.as<std::string>(), file));
    }
  } catch (const YAML::Exception& e) {
    return InvalidArgument("{}: {}", file, e.what());
  }
  return OkStatus();
}

std::string DefaultText(const Option& option) {
  const Config defaults;
  if (const auto* member = std::get_if<std::string Config::*>(&option.member)) return defaults.*(*member);
  if (const auto* member = std::get_if<bool Config::*>(&option.member)) return defaults.*(*member) ? "true" : "false";
  return std::to_string(defaults.*std::get<std::int64_t Config::*>(option.member));
}

Status CheckTogether(const Config& config) {
  for (const auto& [name, port] : {std::pair("port", config.port), std::pair("grpc-port", config.grpc_port)}) {
    if (port > 65'535) return InvalidArgument("{}: a port is at most 65535, got {}", name, port);
  }
  if (config.tls_certificate.empty() != config.tls_key.empty()) {
    return InvalidArgument("tls-certificate and tls-key go together; only one of them is set");
  }
  if (config.log_format != "text" && config.log_format != "json") {
    return InvalidArgument("log-format: expected text or json, got \"{}\"", config.log_format);
  }
  const bool loopback = config.address.starts_with("127.") || config.address == "::1" || config.address == "localhost";
  if (!loopback && !config.auth && !config.insecure) {
    return InvalidArgument(
        "address {}: other machines could do everything without credentials; add --auth, or --insecure if that is "
        "meant",
        config.address);
  }
  return OkStatus();
}

}  // namespace

std::span<const Option> Options() {
  return kOptions;
}

Result<Config> Load(const std::map<std::string, std::string>& flags, const char* (*environment)(const char*),
                    const std::string& yaml_file) {
  Config config;
  if (!yaml_file.empty()) MARU_RETURN_IF_ERROR(LoadYaml(config, yaml_file));
  for (const Option& option : kOptions) {
    const std::string variable = EnvironmentName(option.flag);
    if (const char* text = environment(variable.c_str())) MARU_RETURN_IF_ERROR(Set(config, option, text, variable));
    if (const auto flag = flags.find(option.flag); flag != flags.end()) {
      MARU_RETURN_IF_ERROR(Set(config, option, flag->second, "--" + flag->first));
    }
  }
  MARU_RETURN_IF_ERROR(CheckTogether(config));
  if (config.database.empty()) config.database = "sqlite:" + config.data + "/maru.db";
  if (config.artifact_root.empty()) config.artifact_root = config.data + "/artifacts";
  return config;
}

std::string Reference() {
  std::string page =
      "# Settings of `maru up`\n\n"
      "A flag wins over the environment, the environment over the YAML file (`--config FILE`), the file over the "
      "default.\nThis page is printed by `maru config --reference`.\n\n"
      "| flag | environment | YAML | default | meaning |\n| --- | --- | --- | --- | --- |\n";
  for (const Option& option : kOptions) {
    std::string placeholder = *option.placeholder ? std::string(" ") + option.placeholder : "";
    std::string fallback = DefaultText(option);
    for (std::size_t at = 0; (at = placeholder.find('|', at)) != std::string::npos; at += 2)
      placeholder.insert(at, "\\");
    page +=
        fmt::format("| `--{}{}` | `{}` | `{}` | {} | {} |\n", option.flag, placeholder, EnvironmentName(option.flag),
                    Underscored(option.flag), fallback.empty() ? "" : "`" + fallback + "`", option.help);
  }
  return page;
}

}  // namespace maru::config
