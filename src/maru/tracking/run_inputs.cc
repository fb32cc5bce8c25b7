// What a run read and made: datasets and logged models.
#include <map>

#include "maru/tracking/in_list.h"
#include "maru/tracking/run_service.h"
#include "maru/tracking/tag_json.h"
#include "maru/tracking/validation.h"

namespace maru::tracking {
namespace {

constexpr std::string_view kContextTag = "mlflow.data.context";
constexpr std::size_t kSummariesMax = 1000;

constexpr std::string_view kFindDataset = "SELECT id FROM datasets WHERE experiment = ? AND name = ? AND digest = ?";
constexpr std::string_view kAddDataset =
    "INSERT INTO datasets (experiment, name, digest, source_type, source, schema, profile) VALUES (?, ?, ?, ?, ?, ?, "
    "?) "
    "RETURNING id";
constexpr std::string_view kAddInput =
    "INSERT INTO run_datasets (run, dataset, context, tags) VALUES (?, ?, ?, ?) ON CONFLICT (run, dataset) DO NOTHING";
constexpr std::string_view kAddModel =
    "INSERT INTO run_models (run, output, model_id, step) VALUES (?, ?, ?, ?) "
    "ON CONFLICT (run, output, model_id, step) DO NOTHING";

}  // namespace

Status RunService::LogInputs(const Caller& caller, std::string_view run_id, const std::vector<DatasetInput>& datasets,
                             const std::vector<std::string>& models) {
  MARU_RETURN_IF_ERROR(ValidateRunId(run_id));
  for (const DatasetInput& input : datasets) MARU_RETURN_IF_ERROR(ValidateDataset(input));
  return Change(caller, run_id, "run.inputs_logged", [&](sql::Writer& writer, const Target& run) -> Status {
    for (const DatasetInput& input : datasets) {
      const Dataset& d = input.dataset;
      const auto number = [](const sql::Row& row) { return row.Int(0); };
      MARU_ASSIGN_OR_RETURN(auto id, writer.QueryOne(kFindDataset, {run.experiment, d.name, d.digest}, number));
      if (!id) {
        MARU_ASSIGN_OR_RETURN(
            id,
            writer.QueryOne(kAddDataset,
                            {run.experiment, d.name, d.digest, d.source_type, d.source, d.schema, d.profile}, number));
      }
      if (!id) return Internal("the dataset got no number");
      std::optional<std::string> context;
      for (const Tag& tag : input.tags) {
        if (tag.key == kContextTag) context = tag.value;
      }
      const std::string tags = json::Encode(input.tags);
      MARU_RETURN_IF_ERROR(writer.Execute(kAddInput, {run.id, *id, context, tags}).status());
    }
    for (const std::string& model : models) {
      MARU_RETURN_IF_ERROR(writer.Execute(kAddModel, {run.id, false, model, 0}).status());
    }
    return OkStatus();
  });
}

Status RunService::LogOutputs(const Caller& caller, std::string_view run_id, const std::vector<ModelOutput>& models) {
  return Change(caller, run_id, "run.outputs_logged", [&](sql::Writer& writer, const Target& run) -> Status {
    for (const ModelOutput& model : models) {
      MARU_RETURN_IF_ERROR(writer.Execute(kAddModel, {run.id, true, model.model_id, model.step}).status());
    }
    return OkStatus();
  });
}

Result<std::vector<DatasetSummary>> RunService::SearchDatasets(const Caller& caller,
                                                               const std::vector<std::int64_t>& experiment_ids) {
  std::vector<DatasetSummary> summaries;
  const InList list(experiment_ids);
  std::vector<sql::Args::Arg> args = list.args();
  args.emplace_back(caller.workspace);
  args.emplace_back(kSummariesMax);
  const std::string sql = list.Sql(
      "SELECT DISTINCT d.experiment, d.name, d.digest, i.context FROM datasets d JOIN run_datasets i ON i.dataset = "
      "d.id "
      "JOIN experiments e ON e.id = d.experiment WHERE d.experiment IN ($) AND e.workspace = ? LIMIT ?");
  MARU_RETURN_IF_ERROR(database_.Read([&](sql::Reader& reader) -> Status {
    MARU_ASSIGN_OR_RETURN(summaries, reader.QueryAll(sql, args, [](const sql::Row& row) {
      return DatasetSummary{row.Int(0), row.String(1), row.String(2), row.OptionalString(3)};
    }));
    return OkStatus();
  }));
  return summaries;
}

}  // namespace maru::tracking
