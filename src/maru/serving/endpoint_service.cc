#include "maru/serving/endpoint_service.h"

#include <algorithm>
#include <thread>

#include "maru/json/json.h"
#include "maru/serving/endpoint_store.h"
#include "maru/serving/revision_keeper.h"

namespace maru::serving {

struct EndpointEvent {
  std::string name;
  std::string model_uri;
};
BOOST_DESCRIBE_STRUCT(EndpointEvent, (), (name, model_uri))

namespace {

Status NoSuchEndpoint(std::string_view name) {
  return NotFound("there is no endpoint \"{}\"", name);
}

class Service final : public EndpointService {
 public:
  Service(sql::Database& database, events::EventLog& events, const Clock* clock, ModelSource& models,
          ArtifactSource& artifacts, LoaderOptions options)
      : database_(database),
        events_(events),
        clock_(clock),
        models_(models),
        loader_(std::move(options), models, artifacts, clock, infer_pool_) {}

  Status Begin() {
    MARU_RETURN_IF_ERROR(endpoint_store::Migrate(database_));
    MARU_ASSIGN_OR_RETURN(keeper_, RevisionKeeper::Start(database_, events_, clock_, models_, loader_, table_));
    return OkStatus();
  }

  Result<EndpointView> Create(const Caller& caller, const NewEndpoint& endpoint) override {
    MARU_RETURN_IF_ERROR(CheckEndpointName(endpoint.name));
    MARU_RETURN_IF_ERROR(CheckSettings(endpoint.settings));
    MARU_RETURN_IF_ERROR(CheckModel(caller, endpoint.model_uri));
    const std::int64_t now = clock_->NowMs();
    const EndpointRow row{.workspace = caller.workspace,
                          .name = endpoint.name,
                          .model_uri = endpoint.model_uri,
                          .settings = endpoint.settings,
                          .created_by = caller.principal,
                          .created_ms = now,
                          .updated_ms = now};
    MARU_RETURN_IF_ERROR(Record(caller, "endpoint.created", row,
                                [&](sql::Writer& writer) { return endpoint_store::Insert(writer, row); }));
    return Get(caller, endpoint.name);
  }

  Result<EndpointView> Get(const Caller& caller, const std::string& name) override {
    std::optional<EndpointView> view;
    MARU_RETURN_IF_ERROR(database_.Read([&](sql::Reader& reader) -> Status {
      view.reset();
      MARU_ASSIGN_OR_RETURN(std::optional<EndpointRow> row, endpoint_store::Find(reader, caller.workspace, name));
      if (!row) return NoSuchEndpoint(name);
      MARU_ASSIGN_OR_RETURN(view, ViewOf(reader, *std::move(row)));
      return OkStatus();
    }));
    return *std::move(view);
  }

  Result<std::vector<EndpointView>> List(const Caller& caller) override {
    std::vector<EndpointView> views;
    MARU_RETURN_IF_ERROR(database_.Read([&](sql::Reader& reader) -> Status {
      views.clear();
      MARU_ASSIGN_OR_RETURN(std::vector<EndpointRow> rows, endpoint_store::List(reader, caller.workspace));
      for (EndpointRow& row : rows) {
        MARU_ASSIGN_OR_RETURN(EndpointView view, ViewOf(reader, std::move(row)));
        views.push_back(std::move(view));
      }
      return OkStatus();
    }));
    return views;
  }

  Result<EndpointView> Update(const Caller& caller, const std::string& name, const EndpointChange& change) override {
    if (change.settings) MARU_RETURN_IF_ERROR(CheckSettings(*change.settings));
    if (change.model_uri) MARU_RETURN_IF_ERROR(CheckModel(caller, *change.model_uri));
    EndpointRow row{.workspace = caller.workspace, .name = name};
    MARU_RETURN_IF_ERROR(database_.Read([&](sql::Reader& reader) -> Status {
      MARU_ASSIGN_OR_RETURN(const auto found, endpoint_store::Find(reader, caller.workspace, name));
      if (!found) return NoSuchEndpoint(name);
      row = *found;
      return OkStatus();
    }));
    const std::int64_t now = clock_->NowMs();
    MARU_RETURN_IF_ERROR(Record(caller, "endpoint.updated", row, [&](sql::Writer& writer) -> Status {
      MARU_ASSIGN_OR_RETURN(auto current, endpoint_store::Find(writer, caller.workspace, name));
      if (!current) return NoSuchEndpoint(name);
      if (change.model_uri) current->model_uri = *change.model_uri;
      if (change.settings) {
        current->settings = *change.settings;
        ++current->settings_generation;
      }
      current->updated_ms = now;
      return endpoint_store::Update(writer, *current);
    }));
    return Get(caller, name);
  }

  Status Delete(const Caller& caller, const std::string& name) override {
    const EndpointRow row{.workspace = caller.workspace, .name = name};
    return Record(caller, "endpoint.deleted", row,
                  [&](sql::Writer& writer) { return endpoint_store::Delete(writer, caller.workspace, name); });
  }

  std::shared_ptr<LiveEndpoint> Find(std::string_view workspace, std::string_view name) const override {
    return table_.Find(workspace, name);
  }

  Result<RevisionHandle> ReadyRevision(std::string_view workspace, std::string_view name,
                                       bool for_a_call) const override {
    const std::shared_ptr<LiveEndpoint> endpoint = table_.Find(workspace, name);
    if (endpoint == nullptr) return NoSuchEndpoint(name);
    RevisionHandle revision = endpoint->Current();
    if (revision != nullptr) return revision;
    if (for_a_call) CountRefused(*endpoint->stats(), *clock_);
    const std::string problem = endpoint->Problem();
    if (problem.empty()) return Unavailable("endpoint \"{}\" is loading its model; try again soon", name);
    return Unavailable("endpoint \"{}\" is not ready: {}", name, problem);
  }

  std::vector<ServedModel> Served(std::string_view workspace) const override {
    std::vector<ServedModel> served;
    const auto map = table_.Snapshot();
    for (const auto& [in, endpoints] : *map) {
      if (!workspace.empty() && in != workspace) continue;
      for (const auto& [name, endpoint] : endpoints) served.push_back({name, endpoint});
    }
    std::sort(served.begin(), served.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
    return served;
  }

 private:
  Status CheckModel(const Caller& caller, const std::string& model_uri) {
    MARU_ASSIGN_OR_RETURN(const ModelUri uri, ParseModelUri(model_uri));
    return models_.Resolve(caller.workspace, uri).status();
  }

  Status Record(const Caller& caller, std::string_view type, const EndpointRow& row, auto&& change) {
    const std::string subject = "endpoint/" + row.name;
    const std::string payload = json::Encode(EndpointEvent{row.name, row.model_uri});
    MARU_RETURN_IF_ERROR(database_.Write([&](sql::Writer& writer) -> Status {
      MARU_RETURN_IF_ERROR(change(writer));
      return events_.Append(writer, caller, type, subject, payload);
    }));
    events_.Announce();
    keeper_->Refresh(row.workspace, row.name);
    return OkStatus();
  }

  Result<EndpointView> ViewOf(sql::Reader& reader, EndpointRow row) {
    EndpointView view;
    MARU_ASSIGN_OR_RETURN(view.revisions, endpoint_store::Revisions(reader, row.workspace, row.name, true));
    if (const auto live = table_.Find(row.workspace, row.name)) {
      view.stats = live->stats();
      view.problem = live->Problem();
      view.revision = live->Current();
      if (view.revision != nullptr) view.serving = view.revision->options().number;
    }
    view.row = std::move(row);
    return view;
  }

  sql::Database& database_;
  events::EventLog& events_;
  const Clock* const clock_;
  ModelSource& models_;
  runtime::ThreadPool infer_pool_{
      {.name = "infer", .threads_max = std::max(1u, std::thread::hardware_concurrency()), .queue_max = 4096}};
  EndpointTable table_;
  RevisionLoader loader_;
  std::unique_ptr<RevisionKeeper> keeper_;  // goes first: it unloads what uses the rest
};

}  // namespace

Result<std::unique_ptr<EndpointService>> EndpointService::Open(sql::Database& database, events::EventLog& events,
                                                               const Clock* clock, ModelSource& models,
                                                               ArtifactSource& artifacts, LoaderOptions options) {
  auto service = std::make_unique<Service>(database, events, clock, models, artifacts, std::move(options));
  MARU_RETURN_IF_ERROR(service->Begin());
  return service;
}

}  // namespace maru::serving
