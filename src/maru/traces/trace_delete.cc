// TraceService: deletion.
#include <algorithm>

#include "maru/traces/trace_rows.h"
#include "maru/traces/trace_service.h"

namespace maru::traces {
namespace {

constexpr std::int64_t kTracesPerCommit = 200;  // so that nobody else's write waits long

constexpr const char* kTablesOfATrace[] = {"trace_tags",        "trace_metadata", "trace_spans",
                                           "trace_assessments", "trace_runs",     "trace_prompts"};

struct Doomed {
  std::int64_t row;
  std::string trace_id;
};

}  // namespace

Result<std::int64_t> TraceService::Delete(const Caller& caller, const TraceDeletion& d) {
  if (!d.max_timestamp_ms && d.trace_ids.empty()) {
    return InvalidArgument("Either `max_timestamp_millis` or `trace_ids` must be specified.");
  }
  if (d.max_timestamp_ms && !d.trace_ids.empty()) {
    return InvalidArgument("Only one of `max_timestamp_millis` and `trace_ids` can be specified.");
  }
  if (!d.trace_ids.empty() && d.max_traces) {
    return InvalidArgument("`max_traces` can't be specified if `trace_ids` is specified.");
  }
  if (d.max_traces && *d.max_traces <= 0) {
    return InvalidArgument("`max_traces` must be a positive integer, received {}.", *d.max_traces);
  }

  const auto erase = [&](sql::Writer& w, const std::vector<Doomed>& doomed) -> Status {
    for (const Doomed& trace : doomed) {
      for (const char* table : kTablesOfATrace) {
        MARU_RETURN_IF_ERROR(w.Execute(fmt::format("DELETE FROM {} WHERE trace = ?", table), {trace.row}).status());
      }
      MARU_RETURN_IF_ERROR(w.Execute("DELETE FROM traces WHERE id = ?", {trace.row}).status());
      MARU_RETURN_IF_ERROR(events_.Append(w, caller, "trace.deleted", fmt::format("trace/{}", trace.trace_id),
                                          fmt::format(R"({{"experiment_id":"{}"}})", d.experiment_id)));
    }
    return OkStatus();
  };
  const auto read = [](const sql::Row& row) { return Doomed{row.Int(0), row.String(1)}; };

  std::int64_t deleted = 0;
  if (!d.trace_ids.empty()) {
    MARU_RETURN_IF_ERROR(
        ForEachList(d.trace_ids, [&](const std::string& marks, std::vector<sql::Args::Arg>& args) -> Status {
          args.emplace_back(caller.workspace);
          args.emplace_back(d.experiment_id);
          std::int64_t here = 0;
          MARU_RETURN_IF_ERROR(Write([&](sql::Writer& w) -> Status {
            MARU_ASSIGN_OR_RETURN(const std::vector<Doomed> doomed,
                                  w.QueryAll(fmt::format("SELECT id, trace_id FROM traces WHERE trace_id IN ({}) "
                                                         "AND workspace = ? AND experiment_id = ?",
                                                         marks),
                                             args, read));
            here = static_cast<std::int64_t>(doomed.size());
            return erase(w, doomed);
          }));
          deleted += here;
          return OkStatus();
        }));
    return deleted;
  }
  while (!d.max_traces || deleted < *d.max_traces) {
    const std::int64_t limit = d.max_traces ? std::min(kTracesPerCommit, *d.max_traces - deleted) : kTracesPerCommit;
    std::int64_t here = 0;
    MARU_RETURN_IF_ERROR(Write([&](sql::Writer& w) -> Status {
      MARU_ASSIGN_OR_RETURN(const std::vector<Doomed> doomed,
                            w.QueryAll("SELECT id, trace_id FROM traces WHERE workspace = ? AND experiment_id = ? "
                                       "AND request_time_ms <= ? ORDER BY request_time_ms, trace_id LIMIT ?",
                                       {caller.workspace, d.experiment_id, *d.max_timestamp_ms, limit}, read));
      here = static_cast<std::int64_t>(doomed.size());
      return erase(w, doomed);
    }));
    deleted += here;
    if (here < limit) break;
  }
  return deleted;
}

}  // namespace maru::traces
