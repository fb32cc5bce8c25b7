// Durable writes per second of a database, beside what the disk itself can do.
//
//   maru_sql_bench [URL] [SECONDS]      URL as for sql::Open; without one, an SQLite file in the current folder
//
// One write is like creating a run: one row of a dozen columns, three tags, one event. Prints, for each number of
// threads: writes per second, the median and 99th percentile of their latency, the processor time each took, and the
// ratio to the disk's rate of fdatasync after overwriting 8 KiB in place.
#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include "maru/base/ids.h"
#include "maru/sql/migration.h"

namespace {

using maru::Status;
using Clock = std::chrono::steady_clock;

constexpr maru::sql::Migration kTables[] = {{1, R"(
  CREATE TABLE bench_runs (id TEXT PRIMARY KEY, experiment BIGINT NOT NULL, name TEXT NOT NULL, status TEXT NOT NULL,
    started BIGINT NOT NULL, ended BIGINT, stage TEXT NOT NULL, uri TEXT NOT NULL, owner TEXT NOT NULL);
  CREATE INDEX bench_runs_by_start ON bench_runs (experiment, started, id);
  CREATE TABLE bench_tags (run TEXT NOT NULL REFERENCES bench_runs (id), name TEXT NOT NULL, value TEXT NOT NULL,
    PRIMARY KEY (run, name));
  CREATE TABLE bench_events (id $SERIAL, time BIGINT NOT NULL, type TEXT NOT NULL, subject TEXT NOT NULL,
    payload TEXT NOT NULL);
)"}};

double CpuSeconds() {
  rusage used;
  getrusage(RUSAGE_SELF, &used);
  return used.ru_utime.tv_sec + used.ru_stime.tv_sec + (used.ru_utime.tv_usec + used.ru_stime.tv_usec) * 1e-6;
}

double DiskRate(double seconds) {
  const int fd = open("maru-sql-bench.raw", O_RDWR | O_CREAT, 0600);
  const std::string page(8192, 'x');
  for (int i = 0; i < 512; ++i) (void)!pwrite(fd, page.data(), page.size(), i * 8192);
  fsync(fd);
  const auto start = Clock::now();
  std::int64_t n = 0;
  while (std::chrono::duration<double>(Clock::now() - start).count() < seconds) {
    (void)!pwrite(fd, page.data(), page.size(), (n++ % 512) * 8192);
    fdatasync(fd);
  }
  close(fd);
  std::filesystem::remove("maru-sql-bench.raw");
  return n / std::chrono::duration<double>(Clock::now() - start).count();
}

Status WriteOne(maru::sql::Database& db, std::int64_t now) {
  const std::string id = maru::NewUuidHex();
  const std::string uri = "maru-artifacts:/1/" + id + "/artifacts";
  return db.Write([&](maru::sql::Writer& w) -> Status {
    MARU_RETURN_IF_ERROR(w.Execute("INSERT INTO bench_runs VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                                   {id, 1, "calm-otter-17", "RUNNING", now, nullptr, "active", uri, "ada"})
                             .status());
    for (const char* tag : {"mlflow.user", "mlflow.source.name", "mlflow.source.type"}) {
      MARU_RETURN_IF_ERROR(w.Execute("INSERT INTO bench_tags VALUES (?, ?, ?)", {id, tag, "train.py"}).status());
    }
    return w
        .Execute("INSERT INTO bench_events (time, type, subject, payload) VALUES (?, ?, ?, ?)",
                 {now, "run.created", "run/" + id, "{}"})
        .status();
  });
}

void Measure(maru::sql::Database& db, int threads, double seconds, double disk) {
  std::vector<std::vector<double>> latencies(threads);
  std::atomic<bool> stop = false;
  std::atomic<int> failures = 0;
  std::vector<std::thread> running;
  const auto start = Clock::now();
  const double cpu_before = CpuSeconds();
  for (int t = 0; t < threads; ++t) {
    running.emplace_back([&, t] {
      while (!stop) {
        const auto before = Clock::now();
        if (!WriteOne(db, before.time_since_epoch().count() / 1'000'000).ok()) ++failures;
        latencies[t].push_back(std::chrono::duration<double, std::micro>(Clock::now() - before).count());
      }
    });
  }
  std::this_thread::sleep_for(std::chrono::duration<double>(seconds));
  stop = true;
  for (std::thread& thread : running) thread.join();
  const double took = std::chrono::duration<double>(Clock::now() - start).count();
  std::vector<double> all;
  for (const auto& some : latencies) all.insert(all.end(), some.begin(), some.end());
  std::sort(all.begin(), all.end());
  const double rate = all.size() / took;
  std::printf("%7d | %9.0f | %9.0f | %9.0f | %9.0f | %9.0f | %6.2f%s\n", threads, rate, all[all.size() / 2],
              all[all.size() * 99 / 100], all.back(), (CpuSeconds() - cpu_before) * 1e6 / all.size(), rate / disk,
              failures > 0 ? " | WITH FAILURES" : "");
}

}  // namespace

int main(int argc, char** argv) {
  const std::string url = argc > 1 ? argv[1] : "sqlite:maru-sql-bench.db";
  const double seconds = argc > 2 ? std::atof(argv[2]) : 3;
  const double disk = DiskRate(1);
  auto db = maru::sql::Open(url);
  if (!db.ok()) {
    std::fprintf(stderr, "%s\n", db.status().ToString().c_str());
    return 1;
  }
  if (const Status status = maru::sql::Migrate(**db, "bench", kTables); !status.ok()) {
    std::fprintf(stderr, "%s\n", status.ToString().c_str());
    return 1;
  }
  std::printf("fdatasync: %.0f per second\n", disk);
  std::printf("threads |  writes/s |  p50 us   |  p99 us   |  max us   | cpu us    | per fdatasync\n");
  for (const int threads : {1, 2, 4, 16, 64}) Measure(**db, threads, seconds, disk);
  db->reset();
  if (argc == 1) {
    for (const char* suffix : {"", "-wal", "-shm", ".lock"}) {
      std::filesystem::remove(std::string("maru-sql-bench.db") + suffix);
    }
  }
}
