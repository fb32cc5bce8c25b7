// Reads a running MLflow server over its REST API, as its own client does.
#include <curl/curl.h>

#include <cstdlib>

#include "maru/importer/mlflow_source.h"
#include "maru/json/json.h"

namespace maru::importer {

// The wire's shapes; members not needed here are left out.
namespace wire {

struct Pair {
  std::string key, value;
};
BOOST_DESCRIBE_STRUCT(Pair, (), (key, value))

struct Experiment {
  std::string experiment_id, name, artifact_location, lifecycle_stage, workspace;
  std::int64_t creation_time = 0, last_update_time = 0;
  std::vector<Pair> tags;
};
BOOST_DESCRIBE_STRUCT(Experiment, (),
                      (experiment_id, name, artifact_location, lifecycle_stage, workspace, creation_time,
                       last_update_time, tags))
struct Experiments {
  std::vector<Experiment> experiments;
  std::string next_page_token;
};
BOOST_DESCRIBE_STRUCT(Experiments, (), (experiments, next_page_token))

struct Metric {
  std::string key;
  double value = 0;
  std::int64_t timestamp = 0, step = 0;
};
BOOST_DESCRIBE_STRUCT(Metric, (), (key, value, timestamp, step))
struct MetricHistory {
  std::vector<Metric> metrics;
  std::string next_page_token;
};
BOOST_DESCRIBE_STRUCT(MetricHistory, (), (metrics, next_page_token))

struct RunInfo {
  std::string run_id, run_name, user_id, status, artifact_uri, lifecycle_stage;
  std::int64_t start_time = 0;
  std::optional<std::int64_t> end_time;
};
BOOST_DESCRIBE_STRUCT(RunInfo, (),
                      (run_id, run_name, user_id, status, artifact_uri, lifecycle_stage, start_time, end_time))
struct RunData {
  std::vector<Metric> metrics;
  std::vector<Pair> params, tags;
};
BOOST_DESCRIBE_STRUCT(RunData, (), (metrics, params, tags))
struct Dataset {
  std::string name, digest, source_type, source;
  std::optional<std::string> schema, profile;
};
BOOST_DESCRIBE_STRUCT(Dataset, (), (name, digest, source_type, source, schema, profile))
struct DatasetInput {
  Dataset dataset;
  std::vector<Pair> tags;
};
BOOST_DESCRIBE_STRUCT(DatasetInput, (), (dataset, tags))
struct ModelEdge {
  std::string model_id;
  std::int64_t step = 0;
};
BOOST_DESCRIBE_STRUCT(ModelEdge, (), (model_id, step))
struct RunInputs {
  std::vector<DatasetInput> dataset_inputs;
  std::vector<ModelEdge> model_inputs;
};
BOOST_DESCRIBE_STRUCT(RunInputs, (), (dataset_inputs, model_inputs))
struct RunOutputs {
  std::vector<ModelEdge> model_outputs;
};
BOOST_DESCRIBE_STRUCT(RunOutputs, (), (model_outputs))
struct Run {
  RunInfo info;
  RunData data;
  RunInputs inputs;
  RunOutputs outputs;
};
BOOST_DESCRIBE_STRUCT(Run, (), (info, data, inputs, outputs))
struct Runs {
  std::vector<Run> runs;
  std::string next_page_token;
};
BOOST_DESCRIBE_STRUCT(Runs, (), (runs, next_page_token))
struct OneRun {
  Run run;
};
BOOST_DESCRIBE_STRUCT(OneRun, (), (run))
struct SearchRuns {
  std::vector<std::string> experiment_ids;
  std::string run_view_type = "ALL";
  int max_results = 1000;
  std::vector<std::string> order_by = {"attributes.start_time ASC"};
  std::string page_token;
};
BOOST_DESCRIBE_STRUCT(SearchRuns, (), (experiment_ids, run_view_type, max_results, order_by, page_token))

struct LoggedModelInfo {
  std::string model_id, name, artifact_uri, status, model_type, source_run_id;
  std::int64_t creation_timestamp_ms = 0, last_updated_timestamp_ms = 0;
  std::vector<Pair> tags;
};
BOOST_DESCRIBE_STRUCT(LoggedModelInfo, (),
                      (model_id, name, artifact_uri, status, model_type, source_run_id, creation_timestamp_ms,
                       last_updated_timestamp_ms, tags))
struct LoggedModelData {
  std::vector<Pair> params;
};
BOOST_DESCRIBE_STRUCT(LoggedModelData, (), (params))
struct LoggedModel {
  LoggedModelInfo info;
  LoggedModelData data;
};
BOOST_DESCRIBE_STRUCT(LoggedModel, (), (info, data))
struct LoggedModels {
  std::vector<LoggedModel> models;
  std::string next_page_token;
};
BOOST_DESCRIBE_STRUCT(LoggedModels, (), (models, next_page_token))
struct SearchLoggedModels {
  std::vector<std::string> experiment_ids;
  int max_results = 50;
  std::string page_token;
};
BOOST_DESCRIBE_STRUCT(SearchLoggedModels, (), (experiment_ids, max_results, page_token))

struct Alias {
  std::string alias;
  std::int64_t version = 0;
};
BOOST_DESCRIBE_STRUCT(Alias, (), (alias, version))
struct ModelVersion {
  std::string name, user_id, current_stage, source, run_id, run_link;
  std::int64_t version = 0, creation_timestamp = 0, last_updated_timestamp = 0;
  std::optional<std::string> description;
  std::vector<Pair> tags;
};
BOOST_DESCRIBE_STRUCT(ModelVersion, (),
                      (name, user_id, current_stage, source, run_id, run_link, version, creation_timestamp,
                       last_updated_timestamp, description, tags))
struct ModelVersions {
  std::vector<ModelVersion> model_versions;
  std::string next_page_token;
};
BOOST_DESCRIBE_STRUCT(ModelVersions, (), (model_versions, next_page_token))
struct Model {
  std::string name, workspace;
  std::int64_t creation_timestamp = 0, last_updated_timestamp = 0;
  std::optional<std::string> description;
  std::vector<Pair> tags;
  std::vector<Alias> aliases;
};
BOOST_DESCRIBE_STRUCT(Model, (),
                      (name, workspace, creation_timestamp, last_updated_timestamp, description, tags, aliases))
struct Models {
  std::vector<Model> registered_models;
  std::string next_page_token;
};
BOOST_DESCRIBE_STRUCT(Models, (), (registered_models, next_page_token))
struct DownloadUri {
  std::string artifact_uri;
};
BOOST_DESCRIBE_STRUCT(DownloadUri, (), (artifact_uri))

struct File {
  std::string path;
  bool is_dir = false;
  std::uint64_t file_size = 0;
};
BOOST_DESCRIBE_STRUCT(File, (), (path, is_dir, file_size))
struct Files {
  std::vector<File> files;
};
BOOST_DESCRIBE_STRUCT(Files, (), (files))

}  // namespace wire

namespace {

constexpr std::string_view kProxied = "mlflow-artifacts:/";

Pairs PairsOf(std::vector<wire::Pair> pairs) {
  Pairs out;
  for (wire::Pair& pair : pairs) out.emplace_back(std::move(pair.key), std::move(pair.value));
  return out;
}

std::string Workspace(std::string name) {
  return name.empty() ? "default" : name;
}

int StatusNumber(std::string_view name) {
  if (name == "LOGGED_MODEL_PENDING") return 1;
  if (name == "LOGGED_MODEL_UPLOAD_FAILED") return 3;
  return 2;
}

std::string Encode(std::string_view text, bool keep_slash = false) {
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (std::isalnum(byte) || c == '-' || c == '.' || c == '_' || c == '~' || (keep_slash && c == '/'))
      out += c;
    else
      out += fmt::format("%{:02X}", byte);
  }
  return out;
}

std::size_t GivePiece(char* data, std::size_t, std::size_t size, void* out) {
  return (*static_cast<std::function<bool(std::string_view)>*>(out))({data, size}) ? size : 0;
}

class MlflowServer : public MlflowSource {
 public:
  explicit MlflowServer(std::string url) : url_(std::move(url)), curl_(curl_easy_init(), curl_easy_cleanup) {
    while (url_.ends_with('/')) url_.pop_back();
  }

  Result<std::vector<Experiment>> Experiments() override {
    std::vector<Experiment> all;
    std::string token;
    do {
      MARU_ASSIGN_OR_RETURN(auto page, Get<wire::Experiments>(fmt::format(
                                           "/api/2.0/mlflow/experiments/search?max_results=1000&view_type=ALL"
                                           "&order_by=creation_time%20ASC&page_token={}",
                                           Encode(token))));
      for (wire::Experiment& e : page.experiments) {
        all.push_back({.workspace = Workspace(e.workspace),
                       .id = std::atoll(e.experiment_id.c_str()),
                       .name = std::move(e.name),
                       .artifact_location = std::move(e.artifact_location),
                       .deleted = e.lifecycle_stage == "deleted",
                       .creation_time_ms = e.creation_time,
                       .last_update_time_ms = e.last_update_time,
                       .tags = PairsOf(std::move(e.tags))});
      }
      token = page.next_page_token;
    } while (!token.empty());
    return all;
  }

  Result<std::vector<std::string>> RunIds(const Experiment& experiment) override {
    std::vector<std::string> ids;
    wire::SearchRuns search{.experiment_ids = {std::to_string(experiment.id)}};
    do {
      MARU_ASSIGN_OR_RETURN(auto page, Post<wire::Runs>("/api/2.0/mlflow/runs/search", json::Encode(search)));
      for (const wire::Run& run : page.runs) ids.push_back(run.info.run_id);
      search.page_token = page.next_page_token;
    } while (!search.page_token.empty());
    return ids;
  }

  Result<Run> ReadRun(const Experiment& experiment, const std::string& run_id) override {
    MARU_ASSIGN_OR_RETURN(wire::OneRun one, Get<wire::OneRun>("/api/2.0/mlflow/runs/get?run_id=" + Encode(run_id)));
    wire::RunInfo& info = one.run.info;
    Run run{.run_id = run_id,
            .experiment_id = experiment.id,
            .name = std::move(info.run_name),
            .user_id = std::move(info.user_id),
            .status = std::move(info.status),
            .start_time_ms = info.start_time,
            .end_time_ms = info.end_time,
            .artifact_uri = std::move(info.artifact_uri),
            .deleted = info.lifecycle_stage == "deleted",
            .params = PairsOf(std::move(one.run.data.params)),
            .tags = PairsOf(std::move(one.run.data.tags))};
    for (const wire::Metric& latest : one.run.data.metrics) {
      MARU_ASSIGN_OR_RETURN(MetricSeries series, History(run_id, latest.key));
      run.metrics.push_back(std::move(series));
    }
    for (wire::DatasetInput& input : one.run.inputs.dataset_inputs) {
      wire::Dataset& d = input.dataset;
      run.datasets.push_back({.name = d.name,
                              .digest = d.digest,
                              .source_type = d.source_type,
                              .source = d.source,
                              .schema = d.schema,
                              .profile = d.profile,
                              .tags = PairsOf(std::move(input.tags))});
    }
    for (const wire::ModelEdge& edge : one.run.inputs.model_inputs) run.model_inputs.push_back(edge.model_id);
    for (const wire::ModelEdge& edge : one.run.outputs.model_outputs) {
      run.model_outputs.push_back({edge.model_id, edge.step});
    }
    return run;
  }

  Result<std::vector<LoggedModel>> LoggedModels(const Experiment& experiment) override {
    std::vector<LoggedModel> all;
    wire::SearchLoggedModels search{.experiment_ids = {std::to_string(experiment.id)}};
    do {
      auto page = Post<wire::LoggedModels>("/api/2.0/mlflow/logged-models/search", json::Encode(search));
      if (page.status().code() == absl::StatusCode::kNotFound) return all;  // a server before MLflow 3
      MARU_RETURN_IF_ERROR(page.status());
      for (wire::LoggedModel& m : page->models) {
        all.push_back({.model_id = std::move(m.info.model_id),
                       .experiment_id = experiment.id,
                       .name = std::move(m.info.name),
                       .artifact_uri = std::move(m.info.artifact_uri),
                       .creation_time_ms = m.info.creation_timestamp_ms,
                       .last_update_time_ms = m.info.last_updated_timestamp_ms,
                       .status = StatusNumber(m.info.status),
                       .model_type = std::move(m.info.model_type),
                       .source_run_id = std::move(m.info.source_run_id),
                       .params = PairsOf(std::move(m.data.params)),
                       .tags = PairsOf(std::move(m.info.tags))});
      }
      search.page_token = page->next_page_token;
    } while (!search.page_token.empty());
    return all;
  }

  Result<std::vector<RegisteredModel>> RegisteredModels() override {
    std::vector<RegisteredModel> all;
    // Prompts are registered models that a search leaves out unless it asks for them.
    for (const char* filter : {"", "tags.`mlflow.prompt.is_prompt` = 'true'"}) {
      std::string token;
      do {
        MARU_ASSIGN_OR_RETURN(auto page, Get<wire::Models>(fmt::format(
                                             "/api/2.0/mlflow/registered-models/search?max_results=1000&filter={}"
                                             "&page_token={}",
                                             Encode(filter), Encode(token))));
        for (wire::Model& m : page.registered_models) {
          RegisteredModel model{.workspace = Workspace(m.workspace),
                                .name = std::move(m.name),
                                .creation_time_ms = m.creation_timestamp,
                                .last_update_time_ms = m.last_updated_timestamp,
                                .description = std::move(m.description),
                                .tags = PairsOf(std::move(m.tags))};
          for (wire::Alias& alias : m.aliases) model.aliases.emplace_back(alias.alias, alias.version);
          MARU_RETURN_IF_ERROR(ReadVersions(model, *filter != '\0'));
          all.push_back(std::move(model));
        }
        token = page.next_page_token;
      } while (!token.empty());
    }
    return all;
  }

  Result<std::optional<std::vector<ArtifactFile>>> ListArtifacts(const std::string& root_uri) override {
    if (!root_uri.starts_with(kProxied)) return std::nullopt;
    std::vector<ArtifactFile> files;
    MARU_RETURN_IF_ERROR(ListFolder(PathOf(root_uri), "", files));
    return files;
  }

  Status ReadArtifact(const std::string& root_uri, const std::string& path, PieceSink sink) override {
    Status failed;
    std::function<bool(std::string_view)> take = [&](std::string_view piece) {
      failed = sink(piece);
      return failed.ok();
    };
    const Status status = Perform("/api/2.0/mlflow-artifacts/artifacts/" + Encode(PathOf(root_uri) + "/" + path, true),
                                  std::nullopt, take);
    return failed.ok() ? status : failed;
  }

 private:
  static std::string PathOf(const std::string& root_uri) {
    std::string path = root_uri.substr(kProxied.size());
    while (path.starts_with('/')) path.erase(0, 1);
    return path;
  }

  Status ListFolder(const std::string& root, const std::string& folder, std::vector<ArtifactFile>& out) {
    const std::string whole = folder.empty() ? root : root + "/" + folder;
    MARU_ASSIGN_OR_RETURN(const auto page,
                          Get<wire::Files>("/api/2.0/mlflow-artifacts/artifacts?path=" + Encode(whole)));
    for (const wire::File& file : page.files) {
      const std::string path = folder.empty() ? file.path : folder + "/" + file.path;
      if (file.is_dir) {
        MARU_RETURN_IF_ERROR(ListFolder(root, path, out));
      } else {
        out.push_back({path, file.file_size});
      }
    }
    return OkStatus();
  }

  Result<MetricSeries> History(const std::string& run_id, const std::string& key) {
    MetricSeries series{.key = key};
    std::string token;
    do {
      MARU_ASSIGN_OR_RETURN(
          auto page, Get<wire::MetricHistory>(fmt::format("/api/2.0/mlflow/metrics/get-history?run_id={}&metric_key={}"
                                                          "&max_results=25000&page_token={}",
                                                          Encode(run_id), Encode(key), Encode(token))));
      for (const wire::Metric& m : page.metrics) series.points.push_back({m.value, m.timestamp, m.step});
      token = page.next_page_token;
    } while (!token.empty());
    return series;
  }

  Status ReadVersions(RegisteredModel& model, bool is_prompt) {
    std::string filter = fmt::format("name = '{}'", model.name);
    if (is_prompt) filter += " AND tags.`mlflow.prompt.is_prompt` = 'true'";
    std::string token;
    do {
      MARU_ASSIGN_OR_RETURN(auto page, Get<wire::ModelVersions>(fmt::format(
                                           "/api/2.0/mlflow/model-versions/search?max_results=1000&filter={}"
                                           "&page_token={}",
                                           Encode(filter), Encode(token))));
      for (wire::ModelVersion& v : page.model_versions) {
        const auto uri = Get<wire::DownloadUri>(fmt::format(
            "/api/2.0/mlflow/model-versions/get-download-uri?name={}&version={}", Encode(model.name), v.version));
        model.versions.push_back({.version = v.version,
                                  .creation_time_ms = v.creation_timestamp,
                                  .last_update_time_ms = v.last_updated_timestamp,
                                  .description = std::move(v.description),
                                  .user_id = std::move(v.user_id),
                                  .stage = std::move(v.current_stage),
                                  .source = v.source,
                                  .storage_location = uri.ok() ? uri->artifact_uri : v.source,
                                  .run_id = std::move(v.run_id),
                                  .run_link = std::move(v.run_link),
                                  .tags = PairsOf(std::move(v.tags))});
      }
      token = page.next_page_token;
    } while (!token.empty());
    return OkStatus();
  }

  template <typename T>
  Result<T> Get(const std::string& path) {
    return Ask<T>(path, std::nullopt);
  }
  template <typename T>
  Result<T> Post(const std::string& path, const std::string& body) {
    return Ask<T>(path, body);
  }
  template <typename T>
  Result<T> Ask(const std::string& path, const std::optional<std::string>& body) {
    std::string answer;
    std::function<bool(std::string_view)> take = [&](std::string_view piece) {
      answer += piece;
      return true;
    };
    MARU_RETURN_IF_ERROR(Perform(path, body, take));
    return json::Decode<T>(answer);
  }

  Status Perform(const std::string& path, const std::optional<std::string>& body,
                 std::function<bool(std::string_view)>& take) {
    CURL* const curl = curl_.get();
    curl_easy_reset(curl);
    const std::string url = url_ + path;
    curl_slist* headers = curl_slist_append(nullptr, "Content-Type: application/json");
    const auto variable = [](const char* name) { return std::string(std::getenv(name) ? std::getenv(name) : ""); };
    const std::string token = variable("MLFLOW_TRACKING_TOKEN"), user = variable("MLFLOW_TRACKING_USERNAME");
    const std::string login = user + ":" + variable("MLFLOW_TRACKING_PASSWORD");
    if (!token.empty())
      headers = curl_slist_append(headers, ("Authorization: Bearer " + token).c_str());
    else if (!user.empty())
      curl_easy_setopt(curl, CURLOPT_USERPWD, login.c_str());
    curl_easy_setopt(curl, CURLOPT_URL, url.c_str());
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(curl, CURLOPT_FAILONERROR, 1L);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, 10'000L);
    if (body) curl_easy_setopt(curl, CURLOPT_COPYPOSTFIELDS, body->c_str());
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, GivePiece);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, &take);
    const CURLcode code = curl_easy_perform(curl);
    long status = 0;
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    curl_slist_free_all(headers);
    if (code == CURLE_OK) return OkStatus();
    if (status == 401 || status == 403)
      return PermissionDenied("{} answers {}; set MLFLOW_TRACKING_TOKEN", url, status);
    if (status == 404) return NotFound("{} is not there", url);
    if (status >= 400) return FailedPrecondition("{} answers {}", url, status);
    return Unavailable("{}: {}", url, curl_easy_strerror(code));
  }

  std::string url_;
  const std::unique_ptr<CURL, void (*)(CURL*)> curl_;
};

}  // namespace

Result<std::unique_ptr<MlflowSource>> OpenMlflowServer(const std::string& address) {
  curl_global_init(CURL_GLOBAL_DEFAULT);
  return std::make_unique<MlflowServer>(address);
}

}  // namespace maru::importer
