// TraceService: reading traces by id.
#include <absl/container/flat_hash_map.h>

#include <algorithm>
#include <chrono>

#include "maru/json/json.h"
#include "maru/traces/keys.h"
#include "maru/traces/trace_rows.h"
#include "maru/traces/trace_service.h"

namespace maru::traces {
namespace {

constexpr std::size_t kAnswerBytesMax = 256 << 20;  // of span content in one answer
constexpr int kWaitersMax = 8;
constexpr std::chrono::seconds kWaitForSpans{3};

struct SizeStats {
  std::int64_t num_spans = 0;
};
BOOST_DESCRIBE_STRUCT(SizeStats, (), (num_spans))

// How many spans the trace's record announces; 0 when it does not say.
std::size_t AnnouncedSpans(const TraceInfo& info) {
  const auto found = info.metadata.find(std::string(kSizeStats));
  if (found == info.metadata.end()) return 0;
  const auto stats = json::Decode<SizeStats>(found->second);
  return stats.ok() && stats->num_spans > 0 ? static_cast<std::size_t>(stats->num_spans) : 0;
}

Result<std::vector<std::string>> ReadSpans(sql::Reader& reader, std::int64_t row, std::size_t& bytes) {
  std::vector<std::string> spans;
  MARU_RETURN_IF_ERROR(reader.Query(
      "SELECT content FROM trace_spans WHERE trace = ? "
      "ORDER BY CASE WHEN parent_span_id IS NULL THEN 0 ELSE 1 END, start_ns, span_id",
      {row}, [&](const sql::Row& r) -> Status {
        bytes += r.Text(0).size();
        if (bytes > kAnswerBytesMax) {
          return ResourceExhausted("the spans are more than {} MiB; ask for fewer traces", kAnswerBytesMax >> 20);
        }
        spans.push_back(r.String(0));
        return OkStatus();
      }));
  return spans;
}

}  // namespace

Result<TraceInfo> TraceService::GetInfo(const Caller& caller, std::string_view trace_id) {
  std::vector<InfoRow> rows;
  MARU_RETURN_IF_ERROR(database_.Read([&](sql::Reader& r) -> Status {
    MARU_ASSIGN_OR_RETURN(
        rows, r.QueryAll(fmt::format("SELECT {} FROM traces t WHERE t.workspace = ? AND t.trace_id = ?", kInfoColumns),
                         {caller.workspace, trace_id}, ReadInfoRow));
    if (rows.empty()) return NoSuchTrace(trace_id);
    return AddDetails(r, rows);
  }));
  return std::move(rows.front().info);
}

Result<std::optional<Trace>> TraceService::ReadTrace(const Caller& caller, std::string_view trace_id,
                                                     bool allow_partial) {
  std::optional<Trace> trace;
  MARU_RETURN_IF_ERROR(database_.Read([&](sql::Reader& r) -> Status {
    MARU_ASSIGN_OR_RETURN(
        std::vector<InfoRow> rows,
        r.QueryAll(fmt::format("SELECT {} FROM traces t WHERE t.workspace = ? AND t.trace_id = ?", kInfoColumns),
                   {caller.workspace, trace_id}, ReadInfoRow));
    if (rows.empty()) return NotFound("Trace with ID {} is not found.", trace_id);
    MARU_RETURN_IF_ERROR(AddDetails(r, rows));
    InfoRow& row = rows.front();
    if (row.spans_location.value_or("") != kTrackingStore) {
      return FailedPrecondition("The spans of trace '{}' are not in this store; read them from its artifacts.",
                                trace_id);
    }
    std::size_t bytes = 0;
    MARU_ASSIGN_OR_RETURN(std::vector<std::string> spans, ReadSpans(r, row.row, bytes));
    if (!allow_partial && (spans.empty() || spans.size() < AnnouncedSpans(row.info))) return OkStatus();
    trace = Trace{std::move(row.info), std::move(spans)};
    return OkStatus();
  }));
  return trace;
}

std::uint64_t TraceService::Arrivals() {
  const std::lock_guard lock(arrival_mutex_);
  return arrivals_;
}

bool TraceService::WaitForArrival(std::uint64_t seen, std::chrono::steady_clock::time_point deadline) {
  // Few may wait, because each holds a thread; the others are told at once to try again.
  std::unique_lock lock(arrival_mutex_);
  if (waiting_ >= kWaitersMax) return false;
  ++waiting_;
  const bool arrived = arrival_.wait_until(lock, deadline, [&] { return arrivals_ != seen; });
  --waiting_;
  return arrived;
}

Result<Trace> TraceService::GetTrace(const Caller& caller, std::string_view trace_id, bool allow_partial) {
  const auto deadline = std::chrono::steady_clock::now() + kWaitForSpans;
  while (true) {
    const std::uint64_t seen = Arrivals();
    MARU_ASSIGN_OR_RETURN(std::optional<Trace> trace, ReadTrace(caller, trace_id, allow_partial));
    if (trace) return *std::move(trace);
    if (!WaitForArrival(seen, deadline)) {
      return NotFound("Trace with ID {} is not fully exported yet, please try again later.", trace_id);
    }
  }
}

namespace {

// The rows of `trace_ids`, in their order, each once.
Result<std::vector<InfoRow>> FindInfos(sql::Reader& r, const Caller& caller, const std::vector<std::string>& trace_ids,
                                       const std::optional<std::vector<std::string>>& experiment_ids) {
  absl::flat_hash_map<std::string, std::size_t> order;
  for (std::size_t i = 0; i < trace_ids.size(); ++i) order.emplace(trace_ids[i], i);
  std::vector<InfoRow> rows;
  MARU_RETURN_IF_ERROR(ForEachList(trace_ids, [&](const std::string& marks, std::vector<sql::Args::Arg>& args) {
    args.emplace_back(caller.workspace);
    return r.Query(
        fmt::format("SELECT {} FROM traces t WHERE t.trace_id IN ({}) AND t.workspace = ?", kInfoColumns, marks), args,
        [&](const sql::Row& row) {
          InfoRow info = ReadInfoRow(row);
          const bool wanted = !experiment_ids || std::find(experiment_ids->begin(), experiment_ids->end(),
                                                           info.info.experiment_id) != experiment_ids->end();
          if (wanted) rows.push_back(std::move(info));
          return OkStatus();
        });
  }));
  std::sort(rows.begin(), rows.end(),
            [&](const InfoRow& a, const InfoRow& b) { return order.at(a.info.trace_id) < order.at(b.info.trace_id); });
  // An id asked for twice, in two lists, is answered once.
  rows.erase(std::unique(rows.begin(), rows.end(), [](const InfoRow& a, const InfoRow& b) { return a.row == b.row; }),
             rows.end());
  return rows;
}

}  // namespace

Result<std::vector<Trace>> TraceService::GetTraces(const Caller& caller, const std::vector<std::string>& trace_ids,
                                                   const std::optional<std::vector<std::string>>& experiment_ids) {
  std::vector<Trace> traces;
  MARU_RETURN_IF_ERROR(database_.Read([&](sql::Reader& r) -> Status {
    MARU_ASSIGN_OR_RETURN(std::vector<InfoRow> rows, FindInfos(r, caller, trace_ids, experiment_ids));
    MARU_RETURN_IF_ERROR(AddDetails(r, rows));
    std::size_t bytes = 0;
    for (InfoRow& row : rows) {
      if (row.spans_location.value_or("") != kTrackingStore) {
        return FailedPrecondition("The spans of trace '{}' are not in this store; read them from its artifacts.",
                                  row.info.trace_id);
      }
      MARU_ASSIGN_OR_RETURN(std::vector<std::string> spans, ReadSpans(r, row.row, bytes));
      if (spans.empty() || spans.size() < AnnouncedSpans(row.info)) continue;
      traces.push_back({std::move(row.info), std::move(spans)});
    }
    return OkStatus();
  }));
  return traces;
}

Result<std::vector<TraceInfo>> TraceService::GetInfos(const Caller& caller, const std::vector<std::string>& trace_ids,
                                                      const std::optional<std::vector<std::string>>& experiment_ids) {
  std::vector<TraceInfo> infos;
  MARU_RETURN_IF_ERROR(database_.Read([&](sql::Reader& r) -> Status {
    MARU_ASSIGN_OR_RETURN(std::vector<InfoRow> rows, FindInfos(r, caller, trace_ids, experiment_ids));
    MARU_RETURN_IF_ERROR(AddDetails(r, rows));
    for (InfoRow& row : rows) infos.push_back(std::move(row.info));
    return OkStatus();
  }));
  return infos;
}

}  // namespace maru::traces
