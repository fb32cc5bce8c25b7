#include "maru/evaluation/dataset_service.h"

#include <absl/strings/str_cat.h>

#include <deque>

#include "maru/base/ids.h"
#include "maru/evaluation/canonical_json.h"
#include "maru/evaluation/schema.h"
#include "maru/filter/filter.h"
#include "maru/filter/page_token.h"
#include "maru/json/json.h"
#include "maru/sql/text_match.h"

namespace maru::evaluation {
namespace {

constexpr char kUserTag[] = "mlflow.user";  // what MLflow's client calls itself
constexpr std::int64_t kPageMax = 50'000;

#define MARU_SELECT_DATASETS                                                                                   \
  "SELECT d.id, d.name, d.record_schema, d.record_count, d.digest, d.created_ms, d.updated_ms, d.created_by, " \
  "d.updated_by "                                                                                              \
  "FROM evaluation_datasets d WHERE d.workspace = ?"

Dataset FromRow(const sql::Row& row) {
  Dataset dataset;
  dataset.id = row.String(0);
  dataset.name = row.String(1);
  dataset.schema = row.OptionalString(2);
  dataset.record_count = row.Int(3);
  dataset.digest = row.String(4);
  dataset.created_ms = row.Int(5);
  dataset.updated_ms = row.Int(6);
  dataset.created_by = row.OptionalString(7);
  dataset.updated_by = row.OptionalString(8);
  return dataset;
}

Status ReadTags(sql::Reader& reader, Dataset& dataset) {
  return reader.Query("SELECT key, value FROM evaluation_dataset_tags WHERE dataset_id = ?", {dataset.id},
                      [&](const sql::Row& row) {
                        dataset.tags[row.String(0)] = row.String(1);
                        return OkStatus();
                      });
}

Status PutTag(sql::Writer& writer, std::string_view id, std::string_view key, std::string_view value) {
  return writer
      .Execute(
          "INSERT INTO evaluation_dataset_tags (dataset_id, key, value) VALUES (?, ?, ?) "
          "ON CONFLICT (dataset_id, key) DO UPDATE SET value = excluded.value",
          {id, key, value})
      .status();
}

Status PutExperiment(sql::Writer& writer, std::string_view id, std::string_view experiment_id) {
  return writer
      .Execute(
          "INSERT INTO evaluation_dataset_experiments (dataset_id, experiment_id) VALUES (?, ?) "
          "ON CONFLICT DO NOTHING",
          {id, experiment_id})
      .status();
}

std::string Address(std::string_view id) {
  return absl::StrCat("evaluation_dataset/", absl::string_view(id.data(), id.size()));
}

std::string_view Column(std::string_view key) {
  if (key == "name") return "d.name";
  if (key == "created_time") return "d.created_ms";
  if (key == "last_update_time") return "d.updated_ms";
  if (key == "created_by") return "d.created_by";
  return "d.updated_by";
}

// The search as one statement. Texts stay where they are, for the arguments view them.
struct Statement {
  sql::Dialect dialect;
  std::string sql = MARU_SELECT_DATASETS;
  std::vector<sql::Args::Arg> args;
  std::deque<std::string> texts;

  void Bind(std::string text) { args.emplace_back(texts.emplace_back(std::move(text))); }
  void BindAll(const std::vector<std::string>& list) {
    sql += '(';
    for (std::size_t i = 0; i < list.size(); ++i) {
      sql += i == 0 ? "?" : ",?";
      Bind(list[i]);
    }
    sql += ')';
  }
  void Compare(std::string_view column, const filter::Condition& c) {
    switch (c.comparator) {
      case filter::Comparator::kLike:
        sql += sql::Like(dialect, column);
        return Bind(c.Text());
      case filter::Comparator::kILike:
        sql += sql::ILike(dialect, column);
        return Bind(c.Text());
      case filter::Comparator::kIn:
      case filter::Comparator::kNotIn:
        sql += fmt::format("{} {} ", column, filter::ComparatorName(c.comparator));
        return BindAll(c.List());
      default:
        sql += fmt::format("{} {} ?", column, filter::ComparatorName(c.comparator));
        if (std::holds_alternative<std::string>(c.value)) return Bind(c.Text());
        if (const auto* number = std::get_if<std::int64_t>(&c.value)) {
          args.emplace_back(*number);
        } else {
          args.emplace_back(c.Number());
        }
    }
  }
};

Result<Statement> Compose(sql::Dialect dialect, const Caller& caller, const DatasetSearch& search,
                          std::int64_t offset) {
  const filter::Schema& schema = filter::EvaluationDatasetSearch();
  MARU_ASSIGN_OR_RETURN(const auto conditions, filter::ParseFilter(search.filter, schema));
  Statement statement{dialect};
  statement.Bind(caller.workspace);
  if (!search.experiment_ids.empty()) {
    statement.sql +=
        " AND EXISTS (SELECT 1 FROM evaluation_dataset_experiments e WHERE e.dataset_id = d.id AND e.experiment_id IN ";
    statement.BindAll(search.experiment_ids);
    statement.sql += ')';
  }
  for (const filter::Condition& c : conditions) {
    statement.sql += " AND ";
    if (c.entity == filter::Entity::kTag) {
      statement.sql += "EXISTS (SELECT 1 FROM evaluation_dataset_tags t WHERE t.dataset_id = d.id AND t.key = ? AND ";
      statement.Bind(c.key);
      statement.Compare("t.value", c);
      statement.sql += ')';
    } else {
      statement.Compare(Column(c.key), c);
    }
  }
  MARU_ASSIGN_OR_RETURN(auto order, filter::ParseOrderBy(search.order_by, schema));
  if (order.empty()) order.push_back({.key = "created_time", .ascending = false});
  statement.sql += " ORDER BY ";
  for (const filter::OrderBy& clause : order) {
    statement.sql += fmt::format("{}{}, ", Column(clause.key), clause.ascending ? "" : " DESC");
  }
  statement.sql += "d.id DESC LIMIT ? OFFSET ?";
  statement.args.emplace_back(search.max_results + 1);
  statement.args.emplace_back(offset);
  return statement;
}

}  // namespace

Result<Dataset> ReadDataset(sql::Reader& reader, std::string_view workspace, std::string_view id) {
  MARU_ASSIGN_OR_RETURN(auto found, reader.QueryOne(MARU_SELECT_DATASETS " AND d.id = ?", {workspace, id}, FromRow));
  if (!found) return NotFound("Evaluation dataset with id '{}' not found", id);
  MARU_RETURN_IF_ERROR(ReadTags(reader, *found));
  return *std::move(found);
}

std::string DatasetDigest(std::string_view name, std::int64_t updated_ms) {
  return Sha256Hex(fmt::format("{}:{}", name, updated_ms)).substr(0, 8);
}

Result<std::unique_ptr<DatasetService>> DatasetService::Open(sql::Database& database, events::EventLog& events,
                                                             Experiments& experiments, const Clock* clock) {
  MARU_RETURN_IF_ERROR(sql::Migrate(database, "evaluation", Migrations()));
  return std::unique_ptr<DatasetService>(new DatasetService(database, events, experiments, clock));
}

Status DatasetService::Change(const Caller& caller, std::string_view id,
                              absl::FunctionRef<Status(sql::Writer&)> write) {
  MARU_RETURN_IF_ERROR(database_.Write([&](sql::Writer& writer) -> Status {
    MARU_RETURN_IF_ERROR(ReadDataset(writer, caller.workspace, id).status());
    MARU_RETURN_IF_ERROR(write(writer));
    return events_.Append(writer, caller, "evaluation_dataset.updated", Address(id));
  }));
  events_.Announce();
  return OkStatus();
}

Result<Dataset> DatasetService::Create(const Caller& caller, std::string_view name,
                                       const std::map<std::string, std::string>& tags,
                                       const std::vector<std::string>& experiment_ids) {
  if (name.empty()) return InvalidArgument("Missing value for required parameter 'name'.");
  Dataset dataset;
  dataset.id = "d-" + NewUuidHex();
  dataset.name = name;
  dataset.tags = tags;
  dataset.created_ms = dataset.updated_ms = clock_->NowMs();
  dataset.digest = DatasetDigest(name, dataset.updated_ms);
  if (const auto user = tags.find(kUserTag); user != tags.end()) {
    dataset.created_by = dataset.updated_by = user->second;
  }
  MARU_RETURN_IF_ERROR(database_.Write([&](sql::Writer& writer) -> Status {
    MARU_RETURN_IF_ERROR(writer
                             .Execute("INSERT INTO evaluation_datasets (id, workspace, name, digest, created_ms, "
                                      "updated_ms, created_by, updated_by) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                                      {dataset.id, caller.workspace, name, dataset.digest, dataset.created_ms,
                                       dataset.updated_ms, dataset.created_by, dataset.updated_by})
                             .status());
    for (const auto& [key, value] : tags) MARU_RETURN_IF_ERROR(PutTag(writer, dataset.id, key, value));
    for (const std::string& experiment_id : experiment_ids) {
      MARU_RETURN_IF_ERROR(PutExperiment(writer, dataset.id, experiment_id));
    }
    return events_.Append(writer, caller, "evaluation_dataset.created", Address(dataset.id));
  }));
  events_.Announce();
  return dataset;
}

Result<Dataset> DatasetService::Get(const Caller& caller, std::string_view id) {
  Dataset dataset;
  MARU_RETURN_IF_ERROR(database_.Read([&](sql::Reader& reader) -> Status {
    MARU_ASSIGN_OR_RETURN(dataset, ReadDataset(reader, caller.workspace, id));
    return OkStatus();
  }));
  return dataset;
}

Status DatasetService::Delete(const Caller& caller, std::string_view id) {
  MARU_RETURN_IF_ERROR(database_.Write([&](sql::Writer& writer) -> Status {
    MARU_ASSIGN_OR_RETURN(
        const std::int64_t gone,
        writer.Execute("DELETE FROM evaluation_datasets WHERE workspace = ? AND id = ?", {caller.workspace, id}));
    if (gone == 0) return OkStatus();
    return events_.Append(writer, caller, "evaluation_dataset.deleted", Address(id));
  }));
  events_.Announce();
  return OkStatus();
}

Result<DatasetPage> DatasetService::Search(const Caller& caller, const DatasetSearch& search) {
  if (search.max_results < 1 || search.max_results > kPageMax) {
    return InvalidArgument("Invalid value {} for parameter 'max_results' supplied: it must be between 1 and {}",
                           search.max_results, kPageMax);
  }
  MARU_ASSIGN_OR_RETURN(const std::int64_t offset, filter::ParseOffsetToken(search.page_token));
  MARU_ASSIGN_OR_RETURN(const Statement statement, Compose(database_.dialect(), caller, search, offset));
  DatasetPage page;
  MARU_RETURN_IF_ERROR(database_.Read([&](sql::Reader& reader) -> Status {
    MARU_ASSIGN_OR_RETURN(page.datasets, reader.QueryAll(statement.sql, statement.args, FromRow));
    if (static_cast<std::int64_t>(page.datasets.size()) > search.max_results) {
      page.datasets.resize(search.max_results);
      page.next_page_token = filter::OffsetToken(offset + search.max_results);
    }
    for (Dataset& dataset : page.datasets) MARU_RETURN_IF_ERROR(ReadTags(reader, dataset));
    return OkStatus();
  }));
  return page;
}

Status DatasetService::SetTags(const Caller& caller, std::string_view id,
                               const std::map<std::string, std::string>& tags) {
  return Change(caller, id, [&](sql::Writer& writer) -> Status {
    for (const auto& [key, value] : tags) MARU_RETURN_IF_ERROR(PutTag(writer, id, key, value));
    return OkStatus();
  });
}

Status DatasetService::DeleteTag(const Caller& caller, std::string_view id, std::string_view key) {
  const Status changed = Change(caller, id, [&](sql::Writer& writer) {
    return writer.Execute("DELETE FROM evaluation_dataset_tags WHERE dataset_id = ? AND key = ?", {id, key}).status();
  });
  return absl::IsNotFound(changed) ? OkStatus() : changed;
}

Result<std::vector<std::string>> DatasetService::ExperimentIds(const Caller& caller, std::string_view id) {
  std::vector<std::string> ids;
  MARU_RETURN_IF_ERROR(database_.Read([&](sql::Reader& reader) -> Status {
    MARU_ASSIGN_OR_RETURN(
        ids, reader.QueryAll("SELECT e.experiment_id FROM evaluation_dataset_experiments e JOIN evaluation_datasets d "
                             "ON d.id = e.dataset_id WHERE d.workspace = ? AND d.id = ? ORDER BY e.experiment_id",
                             {caller.workspace, id}, [](const sql::Row& row) { return row.String(0); }));
    return OkStatus();
  }));
  return ids;
}

Result<Dataset> DatasetService::AddToExperiments(const Caller& caller, std::string_view id,
                                                 const std::vector<std::string>& experiment_ids) {
  for (const std::string& experiment_id : experiment_ids) {
    MARU_RETURN_IF_ERROR(experiments_.CheckActive(caller, experiment_id));
  }
  const std::int64_t now_ms = clock_->NowMs();
  MARU_RETURN_IF_ERROR(Change(caller, id, [&](sql::Writer& writer) -> Status {
    for (const std::string& experiment_id : experiment_ids) {
      MARU_RETURN_IF_ERROR(PutExperiment(writer, id, experiment_id));
    }
    return writer.Execute("UPDATE evaluation_datasets SET updated_ms = ? WHERE id = ?", {now_ms, id}).status();
  }));
  return Get(caller, id);
}

Result<Dataset> DatasetService::RemoveFromExperiments(const Caller& caller, std::string_view id,
                                                      const std::vector<std::string>& experiment_ids) {
  const std::int64_t now_ms = clock_->NowMs();
  MARU_RETURN_IF_ERROR(Change(caller, id, [&](sql::Writer& writer) -> Status {
    std::int64_t gone = 0;
    for (const std::string& experiment_id : experiment_ids) {
      MARU_ASSIGN_OR_RETURN(
          const std::int64_t removed,
          writer.Execute("DELETE FROM evaluation_dataset_experiments WHERE dataset_id = ? AND experiment_id = ?",
                         {id, experiment_id}));
      gone += removed;
    }
    if (gone == 0) return OkStatus();
    return writer.Execute("UPDATE evaluation_datasets SET updated_ms = ? WHERE id = ?", {now_ms, id}).status();
  }));
  return Get(caller, id);
}

}  // namespace maru::evaluation
