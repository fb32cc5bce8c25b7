#include "maru/api/mlflow/artifacts.h"

#include <utility>

#include "maru/api/mlflow/artifact_reply.h"
#include "maru/api/mlflow/rpc.h"
#include "maru/artifacts/artifact_path.h"

namespace maru::api::mlflow {
namespace {

using artifacts::ArtifactService;
using artifacts::Tree;

constexpr int kPresignSeconds = 900;                   // MLflow's default
constexpr std::size_t kPageUploadBytesMax = 10 << 20;  // of uploads from MLflow's page

// Clients look at the beginning of these texts and then go without.
constexpr char kNoMultipart[] = "Multipart upload is not supported for the current artifact repository";
constexpr char kNoPresigned[] = "Presigned download is not supported for the current artifact repository";

struct FileInfo {
  std::string path;
  bool is_dir = false;
  std::optional<std::uint64_t> file_size;
};
BOOST_DESCRIBE_STRUCT(FileInfo, (), (path, is_dir, file_size))

// The artifacts directly in `folder`, their paths beginning with `shown`.
Result<std::vector<FileInfo>> Files(ArtifactService& service, const Tree& tree, std::string_view folder,
                                    std::string_view shown) {
  MARU_ASSIGN_OR_RETURN(const std::vector<artifacts::Artifact> found, service.List(tree, folder));
  std::vector<FileInfo> files;
  files.reserve(found.size());
  for (const artifacts::Artifact& artifact : found) {
    files.push_back({artifacts::Join(shown, artifact.name), artifact.is_folder,
                     artifact.is_folder ? std::nullopt : std::optional(artifact.size_bytes)});
  }
  return files;
}

Status Required(std::string_view value, const char* name) {
  if (!value.empty()) return OkStatus();
  return InvalidArgument("Missing value for required parameter '{}'.", name);
}

// --- The proxy: paths relative to the store -------------------------------------------------------------------------

struct ListFilesRequest {
  std::string path;
};
BOOST_DESCRIBE_STRUCT(ListFilesRequest, (), (path))
struct ListFilesResponse {
  std::vector<FileInfo> files;
};
BOOST_DESCRIBE_STRUCT(ListFilesResponse, (), (files))

Result<ListFilesResponse> ListFiles(ArtifactService& service, const Caller& caller, ListFilesRequest request) {
  MARU_ASSIGN_OR_RETURN(const Tree tree, service.OfWorkspace(caller));
  ListFilesResponse response;
  MARU_ASSIGN_OR_RETURN(response.files, Files(service, tree, request.path, ""));
  return response;
}

Result<http::Reply> GetFile(ArtifactService& service, const http::Request& request) {
  MARU_ASSIGN_OR_RETURN(const Tree tree, service.OfWorkspace(request.caller));
  return Download(service, tree, request.Capture("path"), request);
}

Result<std::unique_ptr<http::UploadSink>> PutFile(ArtifactService& service, const http::Request& head) {
  MARU_ASSIGN_OR_RETURN(const Tree tree, service.OfWorkspace(head.caller));
  MARU_ASSIGN_OR_RETURN(auto writer, service.Create(tree, head.Capture("path")));
  return Upload(std::move(writer));
}

Result<http::Reply> DeleteFile(ArtifactService& service, const http::Request& request) {
  MARU_ASSIGN_OR_RETURN(const Tree tree, service.OfWorkspace(request.caller));
  MARU_RETURN_IF_ERROR(service.Delete(tree, request.Capture("path")));
  return http::Reply::Json("{}");
}

// --- Multipart uploads, where the store has URLs of its own ---------------------------------------------------------

struct CreateUploadRequest {
  std::string path;  // the file on the client's machine; only its name counts
  int num_parts = 1;
};
BOOST_DESCRIBE_STRUCT(CreateUploadRequest, (), (path, num_parts))
struct PartCredential {
  std::string url;
  int part_number = 0;
  std::map<std::string, std::string> headers;
};
BOOST_DESCRIBE_STRUCT(PartCredential, (), (url, part_number, headers))
struct CreateUploadResponse {
  std::string upload_id;
  std::vector<PartCredential> credentials;
};
BOOST_DESCRIBE_STRUCT(CreateUploadResponse, (), (upload_id, credentials))

struct UploadedPart {
  int part_number = 0;
  std::string etag;
};
BOOST_DESCRIBE_STRUCT(UploadedPart, (), (part_number, etag))
struct FinishUploadRequest {
  std::string path;
  std::string upload_id;
  std::vector<UploadedPart> parts;
};
BOOST_DESCRIBE_STRUCT(FinishUploadRequest, (), (path, upload_id, parts))

struct UploadTarget {
  object_store::ObjectStore* store;
  std::string key;
};

// The folder is in the address, the file's name at the end of the path that the client sent.
Result<UploadTarget> TargetOf(ArtifactService& service, const http::Request& request, std::string_view client_path) {
  MARU_RETURN_IF_ERROR(Required(client_path, "path"));
  MARU_ASSIGN_OR_RETURN(const Tree tree, service.OfWorkspace(request.caller));
  if (!tree.store->has_urls()) return Unimplemented(kNoMultipart);
  const std::size_t slash = client_path.rfind('/');
  const std::string_view name = slash == std::string_view::npos ? client_path : client_path.substr(slash + 1);
  MARU_RETURN_IF_ERROR(Required(name, "path"));
  MARU_ASSIGN_OR_RETURN(const std::string folder, artifacts::CleanPath(request.Capture("path")));
  MARU_ASSIGN_OR_RETURN(std::string key, ArtifactService::KeyOf(tree, artifacts::Join(folder, name)));
  return UploadTarget{tree.store, std::move(key)};
}

Result<CreateUploadResponse> CreateUpload(ArtifactService& service, const http::Request& http,
                                          CreateUploadRequest request) {
  MARU_ASSIGN_OR_RETURN(const UploadTarget target, TargetOf(service, http, request.path));
  MARU_ASSIGN_OR_RETURN(object_store::MultipartUpload upload,
                        target.store->StartMultipart(target.key, request.num_parts));
  CreateUploadResponse response{.upload_id = std::move(upload.upload_id)};
  for (std::size_t i = 0; i < upload.part_urls.size(); ++i) {
    response.credentials.push_back({std::move(upload.part_urls[i]), static_cast<int>(i) + 1, {}});
  }
  return response;
}

Result<Empty> CompleteUpload(ArtifactService& service, const http::Request& http, FinishUploadRequest request) {
  MARU_RETURN_IF_ERROR(Required(request.upload_id, "upload_id"));
  if (request.parts.empty()) return InvalidArgument("Missing value for required parameter 'parts'.");
  MARU_ASSIGN_OR_RETURN(const UploadTarget target, TargetOf(service, http, request.path));
  std::vector<object_store::MultipartPart> parts;
  for (UploadedPart& part : request.parts) parts.push_back({part.part_number, std::move(part.etag)});
  MARU_RETURN_IF_ERROR(target.store->CompleteMultipart(target.key, request.upload_id, parts));
  return Empty{};
}

Result<Empty> AbortUpload(ArtifactService& service, const http::Request& http, FinishUploadRequest request) {
  MARU_RETURN_IF_ERROR(Required(request.upload_id, "upload_id"));
  MARU_ASSIGN_OR_RETURN(const UploadTarget target, TargetOf(service, http, request.path));
  MARU_RETURN_IF_ERROR(target.store->AbortMultipart(target.key, request.upload_id));
  return Empty{};
}

struct ProxyUrlResponse {
  std::string url;
  std::map<std::string, std::string> headers;
  std::uint64_t file_size = 0;
};
BOOST_DESCRIBE_STRUCT(ProxyUrlResponse, (), (url, headers, file_size))

Result<ProxyUrlResponse> PresignFile(ArtifactService& service, const http::Request& http, Empty) {
  MARU_ASSIGN_OR_RETURN(const Tree tree, service.OfWorkspace(http.caller));
  if (!tree.store->has_urls()) return Unimplemented(kNoPresigned);
  MARU_ASSIGN_OR_RETURN(const std::string key, ArtifactService::KeyOf(tree, http.Capture("path")));
  MARU_ASSIGN_OR_RETURN(const object_store::ObjectInfo info, tree.store->Stat(key));
  ProxyUrlResponse response{.file_size = info.size_bytes};
  MARU_ASSIGN_OR_RETURN(response.url, tree.store->PresignGet(key, kPresignSeconds));
  return response;
}

// --- Artifacts of runs, logged models and model versions ------------------------------------------------------------

struct ListOfRunRequest {
  std::string run_id, run_uuid;  // run_uuid is the name of MLflow 0.x
  std::string path;
};
BOOST_DESCRIBE_STRUCT(ListOfRunRequest, (), (run_id, run_uuid, path))
struct ListOfRootResponse {
  std::string root_uri;
  std::vector<FileInfo> files;
};
BOOST_DESCRIBE_STRUCT(ListOfRootResponse, (), (root_uri, files))

Result<ListOfRootResponse> ListOf(ArtifactService& service, const Tree& tree, std::string_view path) {
  MARU_ASSIGN_OR_RETURN(const std::string clean, artifacts::CleanPath(path));
  ListOfRootResponse response{.root_uri = tree.uri};
  MARU_ASSIGN_OR_RETURN(response.files, Files(service, tree, clean, clean));
  return response;
}

Result<ListOfRootResponse> ListOfRun(ArtifactService& service, const Caller& caller, ListOfRunRequest request) {
  const std::string& run_id = request.run_id.empty() ? request.run_uuid : request.run_id;
  MARU_RETURN_IF_ERROR(Required(run_id, "run_id"));
  MARU_RETURN_IF_ERROR(artifacts::CleanPath(request.path).status());
  MARU_ASSIGN_OR_RETURN(const Tree tree, service.OfRun(caller, run_id));
  return ListOf(service, tree, request.path);
}

struct ListOfModelRequest {
  std::string artifact_directory_path;
};
BOOST_DESCRIBE_STRUCT(ListOfModelRequest, (), (artifact_directory_path))

Result<ListOfRootResponse> ListOfModel(ArtifactService& service, const http::Request& http,
                                       ListOfModelRequest request) {
  MARU_RETURN_IF_ERROR(artifacts::CleanPath(request.artifact_directory_path).status());
  MARU_ASSIGN_OR_RETURN(const Tree tree, service.OfLoggedModel(http.caller, http.Capture("model_id")));
  return ListOf(service, tree, request.artifact_directory_path);
}

struct PresignRequest {
  std::string run_id, model_id;
  std::string path;
  std::optional<std::int64_t> expiration;
};
BOOST_DESCRIBE_STRUCT(PresignRequest, (), (run_id, model_id, path, expiration))
struct PresignResponse {
  std::string presigned_url;
  std::map<std::string, std::string> headers;
  std::optional<std::uint64_t> file_size;
};
BOOST_DESCRIBE_STRUCT(PresignResponse, (), (presigned_url, headers, file_size))

Result<UploadTarget> DirectTarget(ArtifactService& service, const Caller& caller, const PresignRequest& request,
                                  const char* what) {
  MARU_RETURN_IF_ERROR(Required(request.path, "path"));
  MARU_ASSIGN_OR_RETURN(const Tree tree, request.model_id.empty() ? service.OfRun(caller, request.run_id)
                                                                  : service.OfLoggedModel(caller, request.model_id));
  if (tree.is_proxied) {
    return InvalidArgument("{} is not supported for proxied artifact storage: \"{}\" goes through this server", what,
                           tree.uri);
  }
  if (!tree.store->has_urls()) return Unimplemented("{} is not supported for the current artifact repository", what);
  MARU_ASSIGN_OR_RETURN(std::string key, ArtifactService::KeyOf(tree, request.path));
  return UploadTarget{tree.store, std::move(key)};
}

Result<PresignResponse> PresignUpload(ArtifactService& service, const Caller& caller, PresignRequest request) {
  if (request.run_id.empty() == request.model_id.empty()) {
    return InvalidArgument("Exactly one of run_id and model_id must be provided.");
  }
  MARU_ASSIGN_OR_RETURN(const UploadTarget target, DirectTarget(service, caller, request, "Presigned upload"));
  PresignResponse response;
  MARU_ASSIGN_OR_RETURN(
      response.presigned_url,
      target.store->PresignPut(target.key, static_cast<int>(request.expiration.value_or(kPresignSeconds))));
  return response;
}

Result<PresignResponse> PresignDownload(ArtifactService& service, const Caller& caller, PresignRequest request) {
  MARU_RETURN_IF_ERROR(Required(request.run_id, "run_id"));
  request.model_id.clear();
  const std::int64_t seconds = request.expiration.value_or(kPresignSeconds);
  if (seconds < 1 || seconds > 604'800) {
    return InvalidArgument("expiration must be between 1 and 604800 seconds (got {}).", seconds);
  }
  MARU_ASSIGN_OR_RETURN(const UploadTarget target, DirectTarget(service, caller, request, "Presigned download"));
  MARU_ASSIGN_OR_RETURN(const object_store::ObjectInfo info, target.store->Stat(target.key));
  PresignResponse response{.file_size = info.size_bytes};
  MARU_ASSIGN_OR_RETURN(response.presigned_url, target.store->PresignGet(target.key, static_cast<int>(seconds)));
  return response;
}

// --- What MLflow's page asks for ------------------------------------------------------------------------------------

Result<http::Reply> GetOfRun(ArtifactService& service, const http::Request& request) {
  const std::string_view run_id = request.Query("run_id").value_or(request.Query("run_uuid").value_or(""));
  MARU_RETURN_IF_ERROR(Required(run_id, "run_id"));
  MARU_ASSIGN_OR_RETURN(const std::string path, artifacts::CleanPath(request.Query("path").value_or("")));
  MARU_RETURN_IF_ERROR(Required(path, "path"));
  MARU_ASSIGN_OR_RETURN(const Tree tree, service.OfRun(request.caller, run_id));
  return Download(service, tree, path, request);
}

Result<http::Reply> GetOfVersion(ArtifactService& service, const http::Request& request) {
  const std::string_view name = request.Query("name").value_or(""), version = request.Query("version").value_or("");
  MARU_RETURN_IF_ERROR(Required(name, "name"));
  MARU_RETURN_IF_ERROR(Required(version, "version"));
  MARU_ASSIGN_OR_RETURN(const std::string path, artifacts::CleanPath(request.Query("path").value_or("")));
  MARU_RETURN_IF_ERROR(Required(path, "path"));
  MARU_ASSIGN_OR_RETURN(const Tree tree, service.OfModelVersion(request.caller, name, version));
  return Download(service, tree, path, request);
}

Result<http::Reply> GetOfModel(ArtifactService& service, const http::Request& request) {
  const std::string_view path = request.Query("artifact_file_path").value_or("");
  if (path.empty()) {
    return WithErrorCode(InvalidArgument("Request must include the \"artifact_file_path\" query parameter."),
                         "BAD_REQUEST");
  }
  MARU_ASSIGN_OR_RETURN(const std::string clean, artifacts::CleanPath(path));
  MARU_ASSIGN_OR_RETURN(const Tree tree, service.OfLoggedModel(request.caller, request.Capture("model_id")));
  return Download(service, tree, clean, request);
}

Result<http::Reply> UploadFromPage(ArtifactService& service, const http::Request& request) {
  const std::string_view run_id = request.Query("run_uuid").value_or(""), path = request.Query("path").value_or("");
  if (run_id.empty()) return InvalidArgument("Request must specify run_uuid.");
  if (path.empty()) return InvalidArgument("Request must specify path.");
  MARU_ASSIGN_OR_RETURN(const std::string clean, artifacts::CleanPath(path));
  if (request.body.size() > kPageUploadBytesMax)
    return InvalidArgument("Artifact size is too large. Max size is 10MB.");
  if (request.body.empty()) return InvalidArgument("Request must specify data.");
  MARU_ASSIGN_OR_RETURN(const Tree tree, service.OfRun(request.caller, run_id));
  MARU_ASSIGN_OR_RETURN(const auto writer, service.Create(tree, clean));
  MARU_RETURN_IF_ERROR(writer->Write(request.body));
  MARU_RETURN_IF_ERROR(writer->Commit());
  return http::Reply::Json("");
}

constexpr Rpc<ArtifactService> kArtifacts[] = {
    {Verb::kGet, "2.0/mlflow-artifacts/artifacts", Permission::kView, Call<ListFiles>},
    {Verb::kGet, "2.0/mlflow-artifacts/artifacts/{path...}", Permission::kView, GetFile},
    {Verb::kDelete, "2.0/mlflow-artifacts/artifacts/{path...}", Permission::kEdit, DeleteFile},
    {Verb::kPost, "2.0/mlflow-artifacts/mpu/create/{path...}", Permission::kEdit, Call<CreateUpload>},
    {Verb::kPost, "2.0/mlflow-artifacts/mpu/complete/{path...}", Permission::kEdit, Call<CompleteUpload>},
    {Verb::kPost, "2.0/mlflow-artifacts/mpu/abort/{path...}", Permission::kEdit, Call<AbortUpload>},
    {Verb::kGet, "2.0/mlflow-artifacts/presigned/{path...}", Permission::kView, Call<PresignFile>},
    {Verb::kGet, "2.0/mlflow/artifacts/list", Permission::kView, Call<ListOfRun>},
    {Verb::kPost, "2.0/mlflow/artifacts/presigned-upload-url", Permission::kEdit, Call<PresignUpload>},
    {Verb::kPost, "2.0/mlflow/artifacts/presigned-download-url", Permission::kView, Call<PresignDownload>},
    {Verb::kGet, "2.0/mlflow/logged-models/{model_id}/artifacts/directories", Permission::kView, Call<ListOfModel>},
};

// Addresses outside /api, as MLflow's page uses them.
struct PageRoute {
  Verb verb;
  const char* path;
  Permission permission;
  Result<http::Reply> (*call)(ArtifactService&, const http::Request&);
};

constexpr PageRoute kPage[] = {
    {Verb::kGet, "/get-artifact", Permission::kView, GetOfRun},
    {Verb::kGet, "/model-versions/get-artifact", Permission::kView, GetOfVersion},
    {Verb::kGet, "/ajax-api/2.0/mlflow/logged-models/{model_id}/artifacts/files", Permission::kView, GetOfModel},
    {Verb::kPost, "/ajax-api/2.0/mlflow/upload-artifact", Permission::kEdit, UploadFromPage},
};

}  // namespace

void MountArtifacts(http::Router& router, ArtifactService& service) {
  Mount(router, service, kArtifacts);
  for (const PageRoute& row : kPage) {
    router.Add(
        {row.verb, row.path, row.permission,
         http::Handler([&service, call = row.call](const http::Request& request) { return call(service, request); }),
         FormatError});
  }
  for (const char* root : {"/api/", "/ajax-api/"}) {
    router.Add({Verb::kPut, std::string(root) + "2.0/mlflow-artifacts/artifacts/{path...}", Permission::kEdit,
                http::UploadHandler([&service](const http::Request& head) { return PutFile(service, head); }),
                FormatError});
  }
}

}  // namespace maru::api::mlflow
