// Evaluation datasets: records of what a generative application is asked, answers and should answer.
//
// Within a dataset a record is known by its inputs: the same inputs again update that record instead of adding one. The
// schema (the kinds of the members seen) and the digest follow every change.
//
// Threads: thread-safe; calls block on the database. Errors: kInvalidArgument, kNotFound.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "maru/base/caller.h"
#include "maru/base/clock.h"
#include "maru/base/status.h"
#include "maru/evaluation/experiments.h"
#include "maru/events/event_log.h"
#include "maru/json/shape.h"
#include "maru/sql/database.h"

namespace maru::evaluation {

struct Dataset {
  std::string id;  // "d-" and 32 hex digits
  std::string name;
  std::map<std::string, std::string> tags;
  std::optional<std::string> schema;  // JSON; nothing before the first record
  std::int64_t record_count = 0;
  std::string digest;
  std::int64_t created_ms = 0;
  std::int64_t updated_ms = 0;
  std::optional<std::string> created_by;
  std::optional<std::string> updated_by;
};

using JsonMembers = std::map<std::string, json::Raw>;

struct NewRecord {
  json::Raw inputs{"{}"};            // an object
  std::optional<json::Raw> outputs;  // any JSON
  JsonMembers expectations;          // merged into those of an earlier record, as the tags are
  JsonMembers tags;
  std::optional<json::Raw> source;  // {"source_type": "TRACE", "source_data": {"trace_id": "…"}}
};

struct Record {
  std::string id;  // "dr-" and 32 hex digits
  std::string dataset_id;
  json::Raw inputs;
  std::optional<json::Raw> outputs, expectations, tags, source;
  std::optional<std::string> source_id, source_type;
  std::int64_t created_ms = 0;
  std::int64_t updated_ms = 0;
  std::optional<std::string> created_by, updated_by;
};

struct DatasetSearch {
  std::vector<std::string> experiment_ids;  // any of them; empty: no matter
  std::string filter;
  std::vector<std::string> order_by;
  std::int64_t max_results = 1'000;
  std::string page_token;
};

struct DatasetPage {
  std::vector<Dataset> datasets;
  std::string next_page_token;
};
struct RecordPage {
  std::vector<Record> records;
  std::string next_page_token;
};
struct UpsertCounts {
  std::int64_t inserted = 0, updated = 0;
};

class DatasetService {
 public:
  // All must outlive the service. Creates the module's tables.
  static Result<std::unique_ptr<DatasetService>> Open(sql::Database& database, events::EventLog& events,
                                                      Experiments& experiments, const Clock* clock);

  Result<Dataset> Create(const Caller& caller, std::string_view name, const std::map<std::string, std::string>& tags,
                         const std::vector<std::string>& experiment_ids);
  Result<Dataset> Get(const Caller& caller, std::string_view id);
  Status Delete(const Caller& caller, std::string_view id);  // OK when it is not there
  Result<DatasetPage> Search(const Caller& caller, const DatasetSearch& search);

  Status SetTags(const Caller& caller, std::string_view id, const std::map<std::string, std::string>& tags);
  Status DeleteTag(const Caller& caller, std::string_view id, std::string_view key);  // OK when it is not there

  Result<std::vector<std::string>> ExperimentIds(const Caller& caller, std::string_view id);
  Result<Dataset> AddToExperiments(const Caller& caller, std::string_view id,
                                   const std::vector<std::string>& experiment_ids);
  Result<Dataset> RemoveFromExperiments(const Caller& caller, std::string_view id,
                                        const std::vector<std::string>& experiment_ids);

  // dataset_records.cc. Records in the order they were added.
  Result<UpsertCounts> Upsert(const Caller& caller, std::string_view id, const std::vector<NewRecord>& records);
  Result<RecordPage> Records(const Caller& caller, std::string_view id, std::int64_t max_results,
                             std::string_view page_token);
  Result<std::int64_t> DeleteRecords(const Caller& caller, std::string_view id,
                                     const std::vector<std::string>& record_ids);

 private:
  DatasetService(sql::Database& database, events::EventLog& events, Experiments& experiments, const Clock* clock)
      : database_(database), events_(events), experiments_(experiments), clock_(clock) {}

  // Runs `write` on a dataset that exists, and appends the event, in one transaction.
  Status Change(const Caller& caller, std::string_view id, absl::FunctionRef<Status(sql::Writer&)> write);

  sql::Database& database_;
  events::EventLog& events_;
  Experiments& experiments_;
  const Clock* const clock_;
};

// Reads a dataset with its tags; kNotFound. Used by the service's parts.
Result<Dataset> ReadDataset(sql::Reader& reader, std::string_view workspace, std::string_view id);
// What changes with every change of the records: MLflow's digest of name and time.
std::string DatasetDigest(std::string_view name, std::int64_t updated_ms);

}  // namespace maru::evaluation
