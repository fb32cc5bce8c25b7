// An existing MLflow to import from: its database, or a running server.
//
// Threads: one import uses it from one thread; calls block. Errors: kUnavailable when it cannot be reached, kNotFound
// for a database file that is not there, kFailedPrecondition for something that is no MLflow.
#pragma once

#include <absl/functional/function_ref.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "maru/base/status.h"
#include "maru/importer/mlflow_data.h"

namespace maru::importer {

// One artifact below a root.
struct ArtifactFile {
  std::string path;  // relative to the root
  std::uint64_t size_bytes = 0;
};

// Takes the pieces of one file.
using PieceSink = absl::FunctionRef<Status(std::string_view)>;

class MlflowSource {
 public:
  virtual ~MlflowSource() = default;
  virtual Result<std::vector<Experiment>> Experiments() = 0;
  virtual Result<std::vector<std::string>> RunIds(const Experiment& experiment) = 0;
  virtual Result<Run> ReadRun(const Experiment& experiment, const std::string& run_id) = 0;
  virtual Result<std::vector<LoggedModel>> LoggedModels(const Experiment& experiment) = 0;
  virtual Result<std::vector<RegisteredModel>> RegisteredModels() = 0;

  // Everything below an artifact root, or nothing when this source cannot reach it.
  virtual Result<std::optional<std::vector<ArtifactFile>>> ListArtifacts(const std::string& root_uri) = 0;
  virtual Status ReadArtifact(const std::string& root_uri, const std::string& path, PieceSink sink) = 0;
};

// `address` is sqlite:PATH (also SQLAlchemy's sqlite:///PATH), postgresql://… or http(s)://…. `artifacts` is where an
// MLflow server that served mlflow-artifacts: URIs kept them, a folder or s3://bucket/prefix; empty when it is not
// known. A database is only read, never written. For a server, MLFLOW_TRACKING_TOKEN or _USERNAME and _PASSWORD are
// sent.
Result<std::unique_ptr<MlflowSource>> OpenMlflow(const std::string& address, const std::string& artifacts);

// The ones behind OpenMlflow.
Result<std::unique_ptr<MlflowSource>> OpenMlflowDatabase(const std::string& address, const std::string& artifacts);
Result<std::unique_ptr<MlflowSource>> OpenMlflowServer(const std::string& address);

}  // namespace maru::importer
