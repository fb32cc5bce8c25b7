#include "maru/server/server.h"

#include <filesystem>

#include "maru/api/kserve/routes.h"
#include "maru/api/mlflow/artifacts.h"
#include "maru/api/mlflow/error.h"
#include "maru/api/mlflow/evaluation_routes.h"
#include "maru/api/mlflow/invocations.h"
#include "maru/api/mlflow/model_versions.h"
#include "maru/api/mlflow/registered_models.h"
#include "maru/api/mlflow/traces.h"
#include "maru/api/mlflow/tracking_routes.h"
#include "maru/api/mlflow/users.h"
#include "maru/api/mlflow/workspaces.h"
#include "maru/api/otlp/trace_export.h"
#include "maru/artifacts/artifact_service.h"
#include "maru/auth/accounts.h"
#include "maru/auth/auth_gate.h"
#include "maru/base/clock.h"
#include "maru/base/metrics.h"
#include "maru/evaluation/dataset_service.h"
#include "maru/evaluation/scorer_service.h"
#include "maru/events/event_log.h"
#include "maru/grpc/server.h"
#include "maru/http/request_log.h"
#include "maru/http/server.h"
#include "maru/object_store/object_store.h"
#include "maru/registry/model_service.h"
#include "maru/server/artifact_roots.h"
#include "maru/server/evaluated_experiments.h"
#include "maru/server/model_origins.h"
#include "maru/server/own_api.h"
#include "maru/server/served_models.h"
#include "maru/server/system_routes.h"
#include "maru/server/trace_experiments.h"
#include "maru/server/webhooks.h"
#include "maru/server/workspace_contents.h"
#include "maru/server/workspace_gate.h"
#include "maru/serving/endpoint_service.h"
#include "maru/sql/database.h"
#include "maru/traces/trace_service.h"
#include "maru/tracking/experiment_service.h"
#include "maru/tracking/logged_model_service.h"
#include "maru/tracking/run_service.h"
#include "maru/web/pages.h"
#include "maru/workspaces/workspace_service.h"

namespace maru::server {
namespace {

// Members are destroyed from the last to the first: what listens goes before what it calls.
class ComposedServer final : public Server {
 public:
  explicit ComposedServer(config::Config config) : config_(std::move(config)) {}

  Status Compose() {
    std::error_code error;
    std::filesystem::create_directories(config_.data, error);
    if (error) return Unavailable("data folder {}: {}", config_.data, error.message());

    MARU_ASSIGN_OR_RETURN(database_, sql::Open(config_.database));
    MARU_ASSIGN_OR_RETURN(store_, object_store::Open(config_.artifact_root));
    MARU_ASSIGN_OR_RETURN(events_, events::EventLog::Open(*database_, clock_));

    MARU_RETURN_IF_ERROR(ComposeTracking());
    MARU_RETURN_IF_ERROR(ComposeTraces());
    MARU_RETURN_IF_ERROR(ComposeRegistry());
    MARU_RETURN_IF_ERROR(ComposeAccounts());
    MARU_RETURN_IF_ERROR(ComposeEvaluation());
    MARU_RETURN_IF_ERROR(ComposeWorkspaces());
    artifact_roots_ = std::make_unique<ArtifactRoots>(*runs_, *logged_models_, *models_);
    artifacts_ = std::make_unique<artifacts::ArtifactService>(*store_, *artifact_roots_);

    MountSystem(router_, *database_, metrics_);
    api::mlflow::SetFallbacks(router_);
    web::MountPages(router_);
    api::mlflow::MountArtifacts(router_, *artifacts_);
    api::mlflow::MountTraceArtifacts(router_, *traces_, *artifacts_);
    MARU_RETURN_IF_ERROR(ComposeServing());
    MARU_ASSIGN_OR_RETURN(own_api_, OwnApi::Mount(router_, {*events_, *experiments_, *runs_, *models_, *artifacts_,
                                                            *endpoints_, accounts_access_.get()}));
    return ComposeWebhooks();
  }

  Status Listen() {
    if (accounts_ != nullptr) {
      MARU_ASSIGN_OR_RETURN(one_time_password_, accounts_->MakeFirstAdmin());
    }
    webhooks_->Deliver();
    http::ServerOptions options;
    options.address = config_.address;
    options.port = static_cast<std::uint16_t>(config_.port);
    options.io_threads = static_cast<int>(config_.io_threads);
    options.handler_threads = static_cast<int>(config_.handler_threads);
    options.connections_max = static_cast<std::size_t>(config_.connections_max);
    options.header_bytes_max = static_cast<std::size_t>(config_.header_bytes_max);
    options.body_bytes_max = static_cast<std::size_t>(config_.body_bytes_max);
    options.idle_timeout = std::chrono::milliseconds(config_.idle_timeout_ms);
    options.tls_certificate_file = config_.tls_certificate;
    options.tls_key_file = config_.tls_key;
    MARU_ASSIGN_OR_RETURN(http_,
                          http::Server::Start(options, router_, workspace_gate_.get(),
                                              [this](const http::Served& served) { request_log_.Observe(served); }));
    return ListenGrpc();
  }

  std::uint16_t port() const override { return http_->port(); }
  std::uint16_t grpc_port() const override { return grpc_->port(); }
  const http::Router& router() const override { return router_; }
  std::optional<std::string> one_time_password() const override { return one_time_password_; }
  void Drain(std::chrono::milliseconds grace) override {
    http_->Drain(grace);
    grpc_->Drain(grace);
  }

 private:
  Status ComposeWebhooks() {
    events::NetworkPolicy policy{.private_networks = config_.webhook_private_networks};
    if (config_.webhook_http) policy.schemes.push_back("http");
    MARU_ASSIGN_OR_RETURN(webhooks_, Webhooks::Mount(router_, *database_, *events_, clock_, std::move(policy),
                                                     config_.data + "/secrets.key"));
    return OkStatus();
  }

  Status ComposeTracking() {
    // Clients reach artifacts through this server unless an experiment says otherwise.
    experiments_ = std::make_unique<tracking::ExperimentService>(*database_, *events_, clock_, "mlflow-artifacts:");
    MARU_RETURN_IF_ERROR(experiments_->Open());
    runs_ = std::make_unique<tracking::RunService>(*database_, *events_, clock_);
    MARU_RETURN_IF_ERROR(runs_->Open());
    logged_models_ = std::make_unique<tracking::LoggedModelService>(*database_, *events_, clock_);
    api::mlflow::MountExperiments(router_, *experiments_);
    api::mlflow::MountRuns(router_, *runs_);
    api::mlflow::MountMetrics(router_, *runs_);
    api::mlflow::MountLoggedModels(router_, *logged_models_);
    return OkStatus();
  }

  Status ComposeRegistry() {
    model_origins_ = std::make_unique<ModelOrigins>(*runs_, *logged_models_);
    MARU_ASSIGN_OR_RETURN(models_, registry::ModelService::Open(*database_, *events_, *model_origins_, clock_));
    api::mlflow::MountRegisteredModels(router_, *models_);
    api::mlflow::MountModelVersions(router_, *models_);
    return OkStatus();
  }

  // Without --auth, everybody who reaches the loopback port may do everything.
  Status ComposeAccounts() {
    if (!config_.auth) {
      gate_ = std::make_unique<auth::OpenGate>(/*local_names_only=*/!config_.insecure);
      return OkStatus();
    }
    MARU_ASSIGN_OR_RETURN(accounts_, auth::Accounts::Open(*database_, *events_, clock_));
    auto gate = std::make_unique<auth::AuthGate>(*accounts_);
    accounts_access_ = std::make_unique<api::own::AccountsAccess>(*accounts_, *gate);
    gate_ = std::move(gate);
    api::mlflow::MountUsers(router_, *accounts_);
    return OkStatus();
  }

  Status ComposeEvaluation() {
    evaluated_experiments_ = std::make_unique<EvaluatedExperiments>(*experiments_);
    MARU_ASSIGN_OR_RETURN(scorers_,
                          evaluation::ScorerService::Open(*database_, *events_, *evaluated_experiments_, clock_));
    MARU_ASSIGN_OR_RETURN(datasets_,
                          evaluation::DatasetService::Open(*database_, *events_, *evaluated_experiments_, clock_));
    api::mlflow::MountScorers(router_, *scorers_);
    api::mlflow::MountEvaluationDatasets(router_, *datasets_);
    return OkStatus();
  }

  // After everything that workspaces hold.
  Status ComposeWorkspaces() {
    registered_models_in_workspace_ =
        std::make_unique<ContentsOf<registry::ModelService>>("registered models", *models_);
    MARU_ASSIGN_OR_RETURN(
        workspaces_, workspaces::WorkspaceService::Open(*database_, *events_, {registered_models_in_workspace_.get()}));
    workspace_gate_ = std::make_unique<WorkspaceGate>(*workspaces_, gate_.get());
    api::mlflow::MountWorkspaces(router_, *workspaces_);
    api::mlflow::MountServerInfo(router_, {});
    return OkStatus();
  }

  Status ComposeServing() {
    served_models_ = std::make_unique<ServedModels>(*models_, *artifacts_);
    MARU_ASSIGN_OR_RETURN(endpoints_, serving::EndpointService::Open(
                                          *database_, *events_, clock_, *served_models_, *served_models_,
                                          {.cache_folder = config_.data + "/cache", .python = config_.python}));
    api::kserve::MountKserve(router_, *endpoints_);
    api::mlflow::MountInvocations(router_, *endpoints_);
    return OkStatus();
  }

  Status ComposeTraces() {
    trace_experiments_ = std::make_unique<TraceExperiments>(*experiments_, *runs_);
    MARU_ASSIGN_OR_RETURN(traces_, traces::TraceService::Open(*database_, *events_, *trace_experiments_, clock_));
    api::mlflow::MountTraces(router_, *traces_);
    api::mlflow::MountTracesV2(router_, *traces_);
    api::mlflow::MountAssessments(router_, *traces_);
    api::mlflow::MountTraceMetrics(router_, *traces_);
    api::otlp::MountTraceExport(router_, *traces_);
    return OkStatus();
  }

  Status ListenGrpc() {
    grpc::ServerOptions options;
    options.address = config_.address;
    options.port = static_cast<std::uint16_t>(config_.grpc_port);
    options.tls_certificate_file = config_.tls_certificate;
    options.tls_key_file = config_.tls_key;
    MARU_ASSIGN_OR_RETURN(grpc_, grpc::Server::Start(options, {}));
    return OkStatus();
  }

  const config::Config config_;
  const Clock* const clock_ = Clock::System();
  metrics::Registry metrics_;
  http::RequestLog request_log_{metrics_};
  std::unique_ptr<sql::Database> database_;
  std::unique_ptr<object_store::ObjectStore> store_;
  std::unique_ptr<events::EventLog> events_;
  std::unique_ptr<ArtifactRoots> artifact_roots_;
  std::unique_ptr<artifacts::ArtifactService> artifacts_;
  std::unique_ptr<tracking::ExperimentService> experiments_;
  std::unique_ptr<tracking::RunService> runs_;
  std::unique_ptr<tracking::LoggedModelService> logged_models_;
  std::unique_ptr<TraceExperiments> trace_experiments_;
  std::unique_ptr<traces::TraceService> traces_;
  std::unique_ptr<ModelOrigins> model_origins_;
  std::unique_ptr<registry::ModelService> models_;
  std::unique_ptr<EvaluatedExperiments> evaluated_experiments_;
  std::unique_ptr<evaluation::ScorerService> scorers_;
  std::unique_ptr<evaluation::DatasetService> datasets_;
  std::unique_ptr<workspaces::WorkspaceContents> registered_models_in_workspace_;
  std::unique_ptr<workspaces::WorkspaceService> workspaces_;
  std::unique_ptr<auth::Accounts> accounts_;  // null without --auth
  std::unique_ptr<http::Gatekeeper> gate_;
  std::unique_ptr<api::own::AccountsAccess> accounts_access_;
  std::unique_ptr<WorkspaceGate> workspace_gate_;
  std::unique_ptr<ServedModels> served_models_;
  std::unique_ptr<serving::EndpointService> endpoints_;
  std::unique_ptr<OwnApi> own_api_;
  std::unique_ptr<Webhooks> webhooks_;
  http::Router router_;
  std::optional<std::string> one_time_password_;
  std::unique_ptr<http::Server> http_;
  std::unique_ptr<grpc::Server> grpc_;
};

}  // namespace

Result<std::unique_ptr<Server>> Server::Compose(const config::Config& config) {
  auto server = std::make_unique<ComposedServer>(config);
  MARU_RETURN_IF_ERROR(server->Compose());
  return server;
}

Result<std::unique_ptr<Server>> Server::Start(const config::Config& config) {
  auto server = std::make_unique<ComposedServer>(config);
  MARU_RETURN_IF_ERROR(server->Compose());
  MARU_RETURN_IF_ERROR(server->Listen());
  return server;
}

}  // namespace maru::server
