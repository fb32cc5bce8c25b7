// `maru deploy models:/NAME@ALIAS`: asks a running server to serve a model, and waits until it does.
#include <curl/curl.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <thread>

#include "maru/cli/command.h"
#include "maru/cli/settings.h"
#include "maru/json/json.h"
#include "maru/serving/endpoint.h"
#include "maru/serving/model_uri.h"

namespace maru::cli {
namespace {

// What of the API's documents this command needs.
struct EndpointRequest {
  std::string name, model_uri;
  serving::EndpointSettings settings;
};
BOOST_DESCRIBE_STRUCT(EndpointRequest, (), (name, model_uri, settings))

struct EndpointAnswer {
  std::string status, problem, model_version, message;
};
BOOST_DESCRIBE_STRUCT(EndpointAnswer, (), (status, problem, model_version, message))

struct Options {
  std::string model_uri, name, server, workspace = "default";
  serving::EndpointSettings settings;
  bool no_wait = false;
};

std::string FromEnvironment(std::initializer_list<const char*> names, const char* otherwise) {
  for (const char* name : names) {
    if (const char* value = std::getenv(name); value != nullptr && *value) return value;
  }
  return otherwise;
}

std::size_t Collect(char* data, std::size_t size, std::size_t count, void* to) {
  static_cast<std::string*>(to)->append(data, size * count);
  return size * count;
}

// The answer to a request of maru's own API; `http_status` tells which.
Result<EndpointAnswer> Ask(const Options& options, const std::string& path, const std::string* body,
                           long& http_status) {
  const std::unique_ptr<CURL, void (*)(CURL*)> curl(curl_easy_init(), curl_easy_cleanup);
  const std::string url = options.server + "/api/maru/v1" + path;
  std::string text;
  curl_slist* headers = curl_slist_append(nullptr, "Content-Type: application/json");
  headers = curl_slist_append(headers, ("X-MLFLOW-WORKSPACE: " + options.workspace).c_str());
  if (const std::string token = FromEnvironment({"MARU_TOKEN", "MLFLOW_TRACKING_TOKEN"}, ""); !token.empty()) {
    headers = curl_slist_append(headers, ("Authorization: Bearer " + token).c_str());
  }
  const std::string user = FromEnvironment({"MLFLOW_TRACKING_USERNAME"}, "");
  const std::string password = FromEnvironment({"MLFLOW_TRACKING_PASSWORD"}, "");
  if (!user.empty()) {
    curl_easy_setopt(curl.get(), CURLOPT_USERNAME, user.c_str());
    curl_easy_setopt(curl.get(), CURLOPT_PASSWORD, password.c_str());
  }
  curl_easy_setopt(curl.get(), CURLOPT_URL, url.c_str());
  curl_easy_setopt(curl.get(), CURLOPT_HTTPHEADER, headers);
  curl_easy_setopt(curl.get(), CURLOPT_TIMEOUT, 60L);
  curl_easy_setopt(curl.get(), CURLOPT_WRITEFUNCTION, Collect);
  curl_easy_setopt(curl.get(), CURLOPT_WRITEDATA, &text);
  if (body != nullptr) curl_easy_setopt(curl.get(), CURLOPT_POSTFIELDS, body->c_str());
  const CURLcode code = curl_easy_perform(curl.get());
  curl_slist_free_all(headers);
  if (code != CURLE_OK) return Unavailable("{}: {}", options.server, curl_easy_strerror(code));
  curl_easy_getinfo(curl.get(), CURLINFO_RESPONSE_CODE, &http_status);
  const auto answer = json::Decode<EndpointAnswer>(text);
  if (!answer.ok()) return Unavailable("{} answered {} with something else than JSON", url, http_status);
  return answer;
}

Status Deploy(Options options) {
  MARU_ASSIGN_OR_RETURN(const serving::ModelUri uri, serving::ParseModelUri(options.model_uri));
  if (options.name.empty()) options.name = uri.name;
  MARU_RETURN_IF_ERROR(serving::CheckEndpointName(options.name));
  const std::string request = json::Encode(EndpointRequest{options.name, options.model_uri, options.settings});
  long http_status = 0;
  MARU_ASSIGN_OR_RETURN(EndpointAnswer answer, Ask(options, "/endpoints", &request, http_status));
  if (http_status >= 400) return FailedPrecondition("{}", answer.message);
  const std::string address = fmt::format("{}/v2/models/{}/infer", options.server, options.name);
  if (options.no_wait) {
    std::printf("endpoint %s is being made; it will answer at %s\n", options.name.c_str(), address.c_str());
    return OkStatus();
  }
  while (answer.status == "loading") {
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    MARU_ASSIGN_OR_RETURN(answer, Ask(options, "/endpoints/" + options.name, nullptr, http_status));
    if (http_status >= 400) return FailedPrecondition("{}", answer.message);
  }
  if (answer.status != "ready") return FailedPrecondition("{}", answer.problem);
  std::printf("endpoint %s serves version %s at %s\n", options.name.c_str(), answer.model_version.c_str(),
              address.c_str());
  return OkStatus();
}

}  // namespace

void AddDeploy(CLI::App& app) {
  CLI::App* command = app.add_subcommand("deploy", "Serve a registered model: models:/NAME@ALIAS follows the alias");
  auto options = std::make_shared<Options>();
  options->server = FromEnvironment({"MARU_URL", "MLFLOW_TRACKING_URI"}, "http://127.0.0.1:5000");
  command->add_option("model", options->model_uri, "models:/NAME@ALIAS or models:/NAME/VERSION")->required();
  command->add_option("--name", options->name, "The endpoint's name; by default the model's");
  command->add_option("--server", options->server, "The server's address")->capture_default_str();
  command->add_option("--workspace", options->workspace, "The workspace")->capture_default_str();
  command->add_option("--environment", options->settings.environment, "Of Python models: auto, isolated or current");
  command->add_option("--workers", options->settings.workers, "Processes of a Python model");
  command->add_option("--threads", options->settings.threads, "Threads of one call of an ONNX model");
  command->add_option("--timeout-ms", options->settings.timeout_ms, "Of one call");
  command->add_flag("--no-wait", options->no_wait, "Return before the model is loaded");
  command->callback([options] {
    if (const Status status = Deploy(*options); !status.ok()) Fail(status);
  });
}

}  // namespace maru::cli
