#include <absl/strings/ascii.h>
#include <absl/strings/numbers.h>

#include <algorithm>

#include "maru/base/ids.h"
#include "maru/evaluation/canonical_json.h"
#include "maru/evaluation/dataset_service.h"
#include "maru/json/json.h"

namespace maru::evaluation {
namespace {

constexpr char kUserTag[] = "mlflow.user";
constexpr std::string_view kSourceTypes[] = {"UNSPECIFIED", "TRACE", "HUMAN", "DOCUMENT", "CODE"};

// The kinds of the members that records have had, as clients show them.
struct RecordSchema {
  std::map<std::string, std::string> inputs;
  json::Raw outputs{"{}"};  // an object of kinds, or one kind where outputs are no objects
  std::map<std::string, std::string> expectations;
  std::string version = "1.0";
};
BOOST_DESCRIBE_STRUCT(RecordSchema, (), (inputs, outputs, expectations, version))

struct RecordSource {
  std::string source_type;
  std::optional<json::Raw> source_data;
};
BOOST_DESCRIBE_STRUCT(RecordSource, (), (source_type, source_data))

struct SourceIds {
  std::optional<std::string> trace_id, source_id;
};
BOOST_DESCRIBE_STRUCT(SourceIds, (), (trace_id, source_id))

std::string KindOf(const json::Raw& value) {
  const Result<json::Element> element = json::Parse(value.text);
  if (!element.ok()) return "unknown";
  switch (element->kind()) {
    case json::Kind::kNull:
      return "null";
    case json::Kind::kBool:
      return "boolean";
    case json::Kind::kInt:
    case json::Kind::kUint:
      return "integer";
    case json::Kind::kDouble:
      return "float";
    case json::Kind::kString:
      return "string";
    case json::Kind::kArray:
      return "array";
    case json::Kind::kObject:
      return "object";
  }
  return "unknown";
}

void NoteKinds(const JsonMembers& members, std::map<std::string, std::string>& kinds) {
  for (const auto& [name, value] : members) {
    if (!kinds.contains(name)) kinds[name] = KindOf(value);
  }
}

void NoteOutputs(const json::Raw& outputs, json::Raw& kinds) {
  auto known = json::Decode<std::map<std::string, std::string>>(kinds.text);
  if (const auto members = json::Decode<JsonMembers>(outputs.text); members.ok()) {
    if (!known.ok()) return;
    NoteKinds(*members, *known);
    kinds.text = json::Encode(*known);
  } else if (known.ok() && known->empty()) {
    kinds.text = json::Quote(KindOf(outputs));
  }
}

// A record checked and taken apart before the transaction.
struct Prepared {
  const NewRecord* record;
  std::string input_hash;
  JsonMembers inputs;
  std::optional<std::string> source, source_type, source_id, user;
};

Status PrepareSource(const json::Raw& text, Prepared& prepared) {
  MARU_ASSIGN_OR_RETURN(RecordSource source, json::Decode<RecordSource>(text.text));
  source.source_type = absl::AsciiStrToUpper(source.source_type);
  if (std::find(std::begin(kSourceTypes), std::end(kSourceTypes), source.source_type) == std::end(kSourceTypes)) {
    return InvalidArgument(
        "Invalid dataset record source type: {}. Valid source types: ['UNSPECIFIED', 'TRACE', 'HUMAN', 'DOCUMENT', "
        "'CODE']",
        source.source_type);
  }
  if (!source.source_data) source.source_data = json::Raw{"{}"};
  MARU_ASSIGN_OR_RETURN(const SourceIds ids, json::Decode<SourceIds>(source.source_data->text));
  prepared.source = json::Encode(source);
  prepared.source_type = source.source_type;
  prepared.source_id = source.source_type == "TRACE" ? ids.trace_id : ids.source_id;
  return OkStatus();
}

Result<Prepared> Prepare(const NewRecord& record) {
  Prepared prepared{.record = &record};
  auto inputs = json::Decode<JsonMembers>(record.inputs.text);
  if (!inputs.ok()) return InvalidArgument("a record's inputs must be an object, got {}", record.inputs.text);
  prepared.inputs = *std::move(inputs);
  MARU_ASSIGN_OR_RETURN(const std::string canonical, CanonicalJson(record.inputs.text));
  prepared.input_hash = Sha256Hex(canonical);
  if (const auto user = record.tags.find(kUserTag); user != record.tags.end()) {
    if (auto name = json::Decode<std::string>(user->second.text); name.ok()) prepared.user = *std::move(name);
  }
  if (record.source) MARU_RETURN_IF_ERROR(PrepareSource(*record.source, prepared));
  return prepared;
}

// The old members with the new ones over them; nothing when there are none.
Result<std::optional<std::string>> Merged(const std::optional<std::string>& old, const JsonMembers& now) {
  if (now.empty()) return old;
  JsonMembers merged;
  if (old) {
    MARU_ASSIGN_OR_RETURN(merged, json::Decode<JsonMembers>(*old));
  }
  for (const auto& [name, value] : now) merged[name] = value;
  return json::Encode(merged);
}

struct Existing {
  std::string id;
  std::optional<std::string> outputs, expectations, tags, updated_by;
};

Result<bool> UpsertOne(sql::Writer& writer, std::string_view dataset_id, const Prepared& prepared,
                       std::int64_t now_ms) {
  const NewRecord& record = *prepared.record;
  MARU_ASSIGN_OR_RETURN(const auto existing,
                        writer.QueryOne("SELECT id, outputs, expectations, tags, updated_by FROM "
                                        "evaluation_dataset_records WHERE dataset_id = ? AND input_hash = ?",
                                        {dataset_id, prepared.input_hash}, [](const sql::Row& row) {
                                          return Existing{row.String(0), row.OptionalString(1), row.OptionalString(2),
                                                          row.OptionalString(3), row.OptionalString(4)};
                                        }));
  const Existing old = existing.value_or(Existing{});
  MARU_ASSIGN_OR_RETURN(const auto expectations, Merged(old.expectations, record.expectations));
  MARU_ASSIGN_OR_RETURN(const auto tags, Merged(old.tags, record.tags));
  if (existing) {
    const std::optional<std::string> outputs = record.outputs ? std::optional(record.outputs->text) : old.outputs;
    const std::optional<std::string> updated_by = prepared.user ? prepared.user : old.updated_by;
    MARU_RETURN_IF_ERROR(writer
                             .Execute("UPDATE evaluation_dataset_records SET outputs = ?, expectations = ?, tags = ?, "
                                      "updated_ms = ?, updated_by = ? WHERE id = ?",
                                      {outputs, expectations, tags, now_ms, updated_by, old.id})
                             .status());
    return false;
  }
  const std::string id = "dr-" + NewUuidHex();
  const std::string outputs = record.outputs ? record.outputs->text : "{}";
  MARU_RETURN_IF_ERROR(
      writer
          .Execute(
              "INSERT INTO evaluation_dataset_records (id, dataset_id, input_hash, inputs, outputs, expectations, "
              "tags, source, source_type, source_id, created_ms, updated_ms, created_by, updated_by) "
              "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
              {id, dataset_id, prepared.input_hash, record.inputs.text, outputs, expectations, tags, prepared.source,
               prepared.source_type, prepared.source_id, now_ms, now_ms, prepared.user, prepared.user})
          .status());
  return true;
}

std::optional<json::Raw> OptionalRaw(const sql::Row& row, int column) {
  if (row.IsNull(column)) return std::nullopt;
  return json::Raw{row.String(column)};
}

Record RecordFromRow(const sql::Row& row) {
  Record record;
  record.id = row.String(0);
  record.dataset_id = row.String(1);
  record.inputs.text = row.String(2);
  record.outputs = OptionalRaw(row, 3);
  record.expectations = OptionalRaw(row, 4);
  record.tags = OptionalRaw(row, 5);
  record.source = OptionalRaw(row, 6);
  record.source_id = row.OptionalString(7);
  record.source_type = row.OptionalString(8);
  record.created_ms = row.Int(9);
  record.updated_ms = row.Int(10);
  record.created_by = row.OptionalString(11);
  record.updated_by = row.OptionalString(12);
  return record;
}

// Where a page of records starts: after this place.
Result<std::int64_t> ParseCursor(std::string_view token) {
  std::int64_t place = 0;
  if (token.empty() || absl::SimpleAtoi(absl::string_view(token.data(), token.size()), &place)) return place;
  return InvalidArgument("Invalid page token '{}'", token);
}

}  // namespace

Result<UpsertCounts> DatasetService::Upsert(const Caller& caller, std::string_view id,
                                            const std::vector<NewRecord>& records) {
  std::vector<Prepared> prepared;
  prepared.reserve(records.size());
  std::optional<std::string> user;
  for (const NewRecord& record : records) {
    MARU_ASSIGN_OR_RETURN(prepared.emplace_back(), Prepare(record));
    if (prepared.back().user) user = prepared.back().user;
  }
  const std::int64_t now_ms = clock_->NowMs();
  UpsertCounts counts;
  MARU_RETURN_IF_ERROR(Change(caller, id, [&](sql::Writer& writer) -> Status {
    counts = {};
    MARU_ASSIGN_OR_RETURN(const Dataset dataset, ReadDataset(writer, caller.workspace, id));
    MARU_ASSIGN_OR_RETURN(RecordSchema schema, json::Decode<RecordSchema>(dataset.schema.value_or("{}")));
    for (const Prepared& one : prepared) {
      MARU_ASSIGN_OR_RETURN(const bool inserted, UpsertOne(writer, id, one, now_ms));
      ++(inserted ? counts.inserted : counts.updated);
      NoteKinds(one.inputs, schema.inputs);
      NoteKinds(one.record->expectations, schema.expectations);
      if (one.record->outputs) NoteOutputs(*one.record->outputs, schema.outputs);
    }
    return writer
        .Execute(
            "UPDATE evaluation_datasets SET record_schema = ?, record_count = record_count + ?, digest = ?, "
            "updated_ms = ?, updated_by = ? WHERE id = ?",
            {json::Encode(schema), counts.inserted, DatasetDigest(dataset.name, now_ms), now_ms, user, id})
        .status();
  }));
  return counts;
}

Result<RecordPage> DatasetService::Records(const Caller& caller, std::string_view id, std::int64_t max_results,
                                           std::string_view page_token) {
  if (max_results < 1) return InvalidArgument("max_results must be at least 1, got {}", max_results);
  MARU_ASSIGN_OR_RETURN(const std::int64_t after, ParseCursor(page_token));
  RecordPage page;
  std::int64_t place = 0;  // of the last record of the page
  MARU_RETURN_IF_ERROR(database_.Read([&](sql::Reader& reader) -> Status {
    MARU_RETURN_IF_ERROR(ReadDataset(reader, caller.workspace, id).status());
    return reader.Query(
        "SELECT id, dataset_id, inputs, outputs, expectations, tags, source, source_id, source_type, created_ms, "
        "updated_ms, created_by, updated_by, place FROM evaluation_dataset_records WHERE dataset_id = ? AND place > ? "
        "ORDER BY place LIMIT ?",
        {id, after, max_results + 1}, [&](const sql::Row& row) {
          if (static_cast<std::int64_t>(page.records.size()) == max_results) {
            page.next_page_token = std::to_string(place);
            return OkStatus();
          }
          page.records.push_back(RecordFromRow(row));
          place = row.Int(13);
          return OkStatus();
        });
  }));
  return page;
}

Result<std::int64_t> DatasetService::DeleteRecords(const Caller& caller, std::string_view id,
                                                   const std::vector<std::string>& record_ids) {
  std::int64_t gone = 0;
  MARU_RETURN_IF_ERROR(Change(caller, id, [&](sql::Writer& writer) -> Status {
    gone = 0;
    for (const std::string& record_id : record_ids) {
      MARU_ASSIGN_OR_RETURN(
          const std::int64_t deleted,
          writer.Execute("DELETE FROM evaluation_dataset_records WHERE dataset_id = ? AND id = ?", {id, record_id}));
      gone += deleted;
    }
    return writer.Execute("UPDATE evaluation_datasets SET record_count = record_count - ? WHERE id = ?", {gone, id})
        .status();
  }));
  return gone;
}

}  // namespace maru::evaluation
