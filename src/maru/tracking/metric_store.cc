#include "maru/tracking/metric_store.h"

#include <algorithm>
#include <cmath>
#include <unordered_map>

#include "maru/tracking/in_list.h"
#include "maru/tracking/series_codec.h"

namespace maru::tracking {
namespace {

constexpr std::string_view kAppend = "INSERT INTO metric_log (run, points) VALUES (?, ?)";
constexpr std::string_view kCountPending = "SELECT COUNT(*) FROM metric_log";
constexpr std::string_view kOldest =
    "SELECT l.run, r.experiment FROM metric_log l LEFT JOIN runs r ON r.id = l.run ORDER BY l.id LIMIT 1";
constexpr std::string_view kRowsOfRun = "SELECT id, points FROM metric_log WHERE run = ? ORDER BY id LIMIT ?";
constexpr std::string_view kPendingOfRun = "SELECT points FROM metric_log WHERE run = ? ORDER BY id";
constexpr std::string_view kDropRows = "DELETE FROM metric_log WHERE run = ? AND id <= ?";
constexpr std::string_view kGetLatest =
    "SELECT is_nan, value, step, time_ms, points FROM latest_metrics WHERE run = ? AND key = ?";
constexpr std::string_view kInsertLatest =
    "INSERT INTO latest_metrics (run, key, experiment, is_nan, value, step, time_ms, points) VALUES (?, ?, ?, ?, ?, ?, "
    "?, ?)";
constexpr std::string_view kUpdateLatest =
    "UPDATE latest_metrics SET is_nan = ?, value = ?, step = ?, time_ms = ?, points = ? WHERE run = ? AND key = ?";
constexpr std::string_view kLastChunk =
    "SELECT seq, count, points FROM metric_chunks WHERE run = ? AND key = ? ORDER BY seq DESC LIMIT 1";
constexpr std::string_view kPutChunk =
    "INSERT INTO metric_chunks (run, key, seq, count, min_step, max_step, min_time, max_time, summary, points) "
    "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (run, key, seq) DO UPDATE SET count = excluded.count, "
    "min_step = excluded.min_step, max_step = excluded.max_step, min_time = excluded.min_time, "
    "max_time = excluded.max_time, summary = excluded.summary, points = excluded.points";
constexpr std::string_view kSummaries =
    "SELECT seq, count, min_step, max_step, min_time, max_time, summary FROM metric_chunks "
    "WHERE run = ? AND key = ? ORDER BY seq";
constexpr std::string_view kChunk = "SELECT points FROM metric_chunks WHERE run = ? AND key = ? AND seq = ?";
constexpr std::string_view kChunks = "SELECT points FROM metric_chunks WHERE run = ? AND key = ? ORDER BY seq";

// A series' row in latest_metrics.
struct LatestRow {
  MetricPoint point;
  std::int64_t points = 0;  // of the series, folded ones only
};

LatestRow ReadLatestRow(const sql::Row& row) {
  return {{row.Bool(0) ? NAN : row.Real(1), row.Int(3), row.Int(2)}, row.Int(4)};
}

Status PutChunk(sql::Writer& writer, std::int64_t run, std::int64_t key, std::int64_t seq,
                std::span<const MetricPoint> points) {
  const ChunkSummary s = Summarize(points);
  const std::string bytes = EncodeChunk(points);
  const std::string summary = PackSummary(s);
  return writer
      .Execute(kPutChunk, {run, key, seq, s.count, s.min_step, s.max_step, s.min_time, s.max_time, sql::Blob{summary},
                           sql::Blob{bytes}})
      .status();
}

// Adds `points` behind what the series has.
Status ExtendSeries(sql::Writer& writer, std::int64_t run, std::int64_t key, std::int64_t experiment,
                    std::span<const MetricPoint> points) {
  MARU_ASSIGN_OR_RETURN(const std::optional<LatestRow> known, writer.QueryOne(kGetLatest, {run, key}, ReadLatestRow));
  LatestRow latest = known.value_or(LatestRow{points.front(), 0});
  for (const MetricPoint& p : points) {
    if (Newer(p, latest.point)) latest.point = p;
  }
  latest.points += static_cast<std::int64_t>(points.size());
  const bool is_nan = std::isnan(latest.point.value);
  const double value = OrderValue(latest.point.value);
  if (known) {
    MARU_RETURN_IF_ERROR(writer
                             .Execute(kUpdateLatest, {is_nan, value, latest.point.step, latest.point.timestamp_ms,
                                                      latest.points, run, key})
                             .status());
  } else {
    MARU_RETURN_IF_ERROR(writer
                             .Execute(kInsertLatest, {run, key, experiment, is_nan, value, latest.point.step,
                                                      latest.point.timestamp_ms, latest.points})
                             .status());
  }
  if (latest.points == 1) return OkStatus();  // the row in latest_metrics is the whole series

  std::vector<MetricPoint> tail;
  std::int64_t seq = 0;
  if (known && known->points == 1) {
    tail.push_back(known->point);
  } else if (known) {
    Status damaged;
    MARU_RETURN_IF_ERROR(writer.Query(kLastChunk, {run, key}, [&](const sql::Row& row) {
      seq = row.Int(0);
      if (row.Int(1) >= static_cast<std::int64_t>(kChunkPointsMax)) {
        ++seq;
        return OkStatus();
      }
      return DecodeChunk(row.Bytes(2), tail);
    }));
  }
  tail.insert(tail.end(), points.begin(), points.end());
  // Clients log in order as a rule; where they do not, order within the chunk costs nothing and packs better.
  std::stable_sort(tail.begin(), tail.end(), EarlierByStep);
  for (std::size_t at = 0; at < tail.size(); at += kChunkPointsMax, ++seq) {
    const auto piece = std::span<const MetricPoint>(tail).subspan(at, std::min(kChunkPointsMax, tail.size() - at));
    MARU_RETURN_IF_ERROR(PutChunk(writer, run, key, seq, piece));
  }
  return OkStatus();
}

}  // namespace

Status MetricStore::Open() {
  return database_.Read([&](sql::Reader& reader) {
    return reader.Query(kCountPending, {}, [&](const sql::Row& row) {
      pending_.store(row.Int(0));
      return OkStatus();
    });
  });
}

Status MetricStore::Admit() const {
  if (pending() < kPendingMax) return OkStatus();
  return ResourceExhausted("metrics arrive faster than they can be stored: {} requests wait; try again shortly",
                           pending());
}

Status MetricStore::Append(sql::Writer& writer, std::int64_t run, const MetricLogPacker& points) {
  return writer.Execute(kAppend, {run, sql::Blob{points.bytes()}}).status();
}

Status MetricStore::FoldRun(sql::Writer& writer, std::int64_t run, std::int64_t experiment, std::int64_t rows_max,
                            std::int64_t* folded) {
  std::vector<KeyedPoint> points;
  std::int64_t last_row = 0;
  std::int64_t rows = 0;
  MARU_RETURN_IF_ERROR(writer.Query(kRowsOfRun, {run, rows_max}, [&](const sql::Row& row) {
    last_row = row.Int(0);
    ++rows;
    return UnpackMetricLog(row.Bytes(1), points);
  }));
  if (rows == 0) return OkStatus();
  std::stable_sort(points.begin(), points.end(),
                   [](const KeyedPoint& a, const KeyedPoint& b) { return a.key < b.key; });
  std::vector<MetricPoint> series;
  for (std::size_t at = 0; at < points.size();) {
    const std::int64_t key = points[at].key;
    series.clear();
    for (; at < points.size() && points[at].key == key; ++at) series.push_back(points[at].point);
    MARU_RETURN_IF_ERROR(ExtendSeries(writer, run, key, experiment, series));
  }
  MARU_RETURN_IF_ERROR(writer.Execute(kDropRows, {run, last_row}).status());
  *folded += rows;
  return OkStatus();
}

Result<std::int64_t> MetricStore::FoldSome(std::int64_t rows_max) {
  std::int64_t folded = 0;
  const Status status = database_.Write([&](sql::Writer& writer) -> Status {
    folded = 0;
    while (folded < rows_max) {
      const std::int64_t before = folded;
      MARU_ASSIGN_OR_RETURN(const auto oldest, writer.QueryOne(kOldest, {}, [](const sql::Row& row) {
        return std::pair(row.Int(0), row.Int(1));
      }));
      if (!oldest) break;
      MARU_RETURN_IF_ERROR(FoldRun(writer, oldest->first, oldest->second, rows_max - folded, &folded));
      if (folded == before) break;
    }
    return OkStatus();
  });
  MARU_RETURN_IF_ERROR(status);
  pending_.fetch_sub(folded, std::memory_order_relaxed);
  return folded;
}

Status MetricStore::FoldExperiments(std::span<const std::int64_t> experiments) {
  if (pending() == 0) return OkStatus();
  constexpr std::int64_t kRowsPerTransaction = 256;
  const InList list(experiments);
  const std::string sql = list.Sql(
      "SELECT DISTINCT l.run, r.experiment FROM metric_log l JOIN runs r ON r.id = l.run "
      "WHERE r.experiment IN ($) LIMIT 256");
  for (;;) {
    std::vector<std::pair<std::int64_t, std::int64_t>> runs;
    MARU_RETURN_IF_ERROR(database_.Read([&](sql::Reader& reader) -> Status {
      MARU_ASSIGN_OR_RETURN(runs, reader.QueryAll(sql, list.args(), [](const sql::Row& row) {
        return std::pair(row.Int(0), row.Int(1));
      }));
      return OkStatus();
    }));
    if (runs.empty()) return OkStatus();
    for (std::size_t at = 0; at < runs.size();) {
      std::size_t next = at;
      std::int64_t folded = 0;
      MARU_RETURN_IF_ERROR(database_.Write([&](sql::Writer& writer) -> Status {
        next = at;
        folded = 0;
        for (; next < runs.size() && folded < kRowsPerTransaction; ++next) {
          MARU_RETURN_IF_ERROR(FoldRun(writer, runs[next].first, runs[next].second, kRowsPerTransaction, &folded));
        }
        return OkStatus();
      }));
      pending_.fetch_sub(folded, std::memory_order_relaxed);
      at = next;
    }
  }
}

Status MetricStore::ReadLatest(sql::Reader& reader, std::span<const std::int64_t> runs,
                               std::vector<LatestMetric>& out) {
  if (runs.empty()) return OkStatus();
  const InList list(runs);
  const std::size_t start = out.size();
  MARU_RETURN_IF_ERROR(
      reader.Query(list.Sql("SELECT run, key, is_nan, value, step, time_ms FROM latest_metrics WHERE run IN ($)"),
                   list.args(), [&](const sql::Row& row) {
                     out.push_back({row.Int(0), row.Int(1), {row.Bool(2) ? NAN : row.Real(3), row.Int(5), row.Int(4)}});
                     return OkStatus();
                   }));
  std::vector<KeyedPoint> points;
  std::vector<LatestMetric> pending;
  MARU_RETURN_IF_ERROR(reader.Query(list.Sql("SELECT run, points FROM metric_log WHERE run IN ($)"), list.args(),
                                    [&](const sql::Row& row) {
                                      points.clear();
                                      MARU_RETURN_IF_ERROR(UnpackMetricLog(row.Bytes(1), points));
                                      for (const KeyedPoint& p : points)
                                        pending.push_back({row.Int(0), p.key, p.point});
                                      return OkStatus();
                                    }));
  if (pending.empty()) return OkStatus();
  struct Hash {
    std::size_t operator()(const std::pair<std::int64_t, std::int64_t>& p) const {
      return static_cast<std::size_t>(p.first) * 0x9e3779b97f4a7c15ull ^ static_cast<std::size_t>(p.second);
    }
  };
  std::unordered_map<std::pair<std::int64_t, std::int64_t>, std::size_t, Hash> place;
  for (std::size_t i = start; i < out.size(); ++i) place.emplace(std::pair(out[i].run, out[i].key), i);
  for (const LatestMetric& p : pending) {
    const auto [entry, added] = place.emplace(std::pair(p.run, p.key), out.size());
    if (added)
      out.push_back(p);
    else if (Newer(p.point, out[entry->second].point))
      out[entry->second].point = p.point;
  }
  return OkStatus();
}

Status MetricStore::ReadPending(sql::Reader& reader, std::int64_t run, std::int64_t key,
                                std::vector<MetricPoint>& out) {
  std::vector<KeyedPoint> points;
  MARU_RETURN_IF_ERROR(
      reader.Query(kPendingOfRun, {run}, [&](const sql::Row& row) { return UnpackMetricLog(row.Bytes(0), points); }));
  for (const KeyedPoint& p : points) {
    if (p.key == key) out.push_back(p.point);
  }
  return OkStatus();
}

Status MetricStore::ReadSeries(sql::Reader& reader, std::int64_t run, std::int64_t key, std::vector<MetricPoint>& out) {
  MARU_ASSIGN_OR_RETURN(const auto latest, reader.QueryOne(kGetLatest, {run, key}, ReadLatestRow));
  if (latest && latest->points == 1) out.push_back(latest->point);
  if (latest && latest->points > 1) {
    out.reserve(out.size() + static_cast<std::size_t>(latest->points));
    MARU_RETURN_IF_ERROR(
        reader.Query(kChunks, {run, key}, [&](const sql::Row& row) { return DecodeChunk(row.Bytes(0), out); }));
  }
  return ReadPending(reader, run, key, out);
}

Result<std::vector<MetricStore::Chunk>> MetricStore::ReadSummaries(sql::Reader& reader, std::int64_t run,
                                                                   std::int64_t key) {
  std::vector<Chunk> chunks;
  MARU_RETURN_IF_ERROR(reader.Query(kSummaries, {run, key}, [&](const sql::Row& row) {
    Chunk& c = chunks.emplace_back();
    c.seq = row.Int(0);
    c.summary.count = row.Int(1);
    c.summary.min_step = row.Int(2);
    c.summary.max_step = row.Int(3);
    c.summary.min_time = row.Int(4);
    c.summary.max_time = row.Int(5);
    return UnpackSummary(row.Bytes(6), c.summary);
  }));
  return chunks;
}

Status MetricStore::ReadChunk(sql::Reader& reader, std::int64_t run, std::int64_t key, std::int64_t seq,
                              std::vector<MetricPoint>& out) {
  return reader.Query(kChunk, {run, key, seq}, [&](const sql::Row& row) { return DecodeChunk(row.Bytes(0), out); });
}

}  // namespace maru::tracking
