// Times searches, histories and logging on a seeded database: search_bench FOLDER RUNS [seed]
//
// The folder keeps its database, so a second run measures without seeding again. Run it on a quiet machine; it prints
// medians. The comparison with the peer is in bench/.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "maru/events/event_log.h"
#include "maru/tracking/experiment_service.h"
#include "maru/tracking/run_service.h"

namespace {

using namespace maru;
using namespace maru::tracking;

double Median(int times, const std::function<void()>& work) {
  std::vector<double> ms;
  for (int i = 0; i < times; ++i) {
    const auto start = std::chrono::steady_clock::now();
    work();
    ms.push_back(std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count());
  }
  std::sort(ms.begin(), ms.end());
  return ms[ms.size() / 2];
}

void Check(const Status& status) {
  if (status.ok()) return;
  std::fprintf(stderr, "%s\n", status.ToString().c_str());
  std::exit(1);
}

void Seed(RunService& runs, std::int64_t experiment, int count) {
  std::vector<std::thread> threads;
  for (int t = 0; t < 32; ++t) {
    threads.emplace_back([&, t] {
      std::mt19937 random(t);
      for (int i = t; i < count; i += 32) {
        NewRun run{.experiment_id = experiment, .user_id = "u", .start_time_ms = 1'700'000'000'000 + i};
        run.tags = {{"team", fmt::format("team-{}", i % 10)}, {"mlflow.source.name", "train.py"}, {"mlflow.user", "u"}};
        const auto created = runs.Create({}, run);
        Check(created.status());
        Batch batch;
        batch.metrics.push_back({.key = "loss", .point = {(random() % 100'000) / 1e5, i, 1}});
        for (int k = 0; k < 9; ++k)
          batch.metrics.push_back({.key = fmt::format("m{}", random() % 12'000), .point = {k * 0.1, i, 1}});
        for (int k = 0; k < 5; ++k) batch.params.push_back({fmt::format("p{}", k), fmt::format("{}", random() % 100)});
        Check(runs.LogBatch({}, created->info.run_id, batch));
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) return std::fprintf(stderr, "search_bench FOLDER RUNS [seed]\n"), 2;
  auto database = sql::Open(std::string("sqlite:") + argv[1] + "/maru.db");
  Check(database.status());
  auto events = events::EventLog::Open(**database, Clock::System());
  Check(events.status());
  ExperimentService experiments(**database, **events, Clock::System(), "mlflow-artifacts:");
  Check(experiments.Open());
  RunService runs(**database, **events, Clock::System());
  Check(runs.Open());
  std::int64_t id = 0;
  if (argc > 3) {
    const auto created = experiments.Create({}, "bench", "", {});
    Check(created.status());
    const auto start = std::chrono::steady_clock::now();
    Seed(runs, *created, std::atoi(argv[2]));
    std::printf("seeded in %.1f s\n", std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
  }
  const auto experiment = experiments.GetByName({}, "bench");
  Check(experiment.status());
  id = experiment->id;

  struct Case {
    const char* name;
    std::string filter;
    std::vector<std::string> order_by;
  };
  const Case cases[] = {{"newest", "", {}},
                        {"tag = (1 in 10)", "tags.team = 'team-3'", {}},
                        {"tag = (none)", "tags.team = 'nobody'", {}},
                        {"metric < (half)", "metrics.loss < 0.5", {}},
                        {"metric < (1 in 1000)", "metrics.loss < 0.001", {}},
                        {"metric < , by metric", "metrics.loss < 0.5", {"metrics.loss ASC"}},
                        {"by metric", "", {"metrics.loss DESC"}},
                        {"by rare metric", "", {"metrics.m77 DESC"}},
                        {"by param", "", {"params.p1 ASC"}},
                        {"by start time, oldest", "", {"start_time ASC"}},
                        {"param LIKE", "params.p1 LIKE '9%'", {}},
                        {"tag != and metric >", "tags.team != 'team-3' AND metrics.loss > 0.9", {"metrics.loss DESC"}},
                        {"name LIKE (none)", "run_name LIKE 'zz%'", {}}};
  for (const Case& c : cases) {
    RunQuery query{.experiment_ids = {id}, .filter = c.filter, .max_results = 100, .order_by = c.order_by};
    std::size_t found = 0;
    const auto search = [&] {
      const auto page = runs.Search({}, query);
      Check(page.status());
      found = page->items.size();
    };
    search();
    std::printf("%-28s %8.2f ms  (%zu runs)\n", c.name, Median(9, search), found);
  }
  const auto run = runs.Create({}, {.experiment_id = 0});
  Check(run.status());
  Batch batch;
  for (int i = 0; i < 100; ++i) batch.metrics.push_back({.key = fmt::format("m{}", i), .point = {i * 0.1, 5, 1}});
  std::printf("%-28s %8.3f ms\n", "log-batch of 100",
              Median(200, [&] { Check(runs.LogBatch({}, run->info.run_id, batch)); }));
  std::printf("%-28s %8.3f ms\n", "create run",
              Median(200, [&] { Check(runs.Create({}, {.experiment_id = 0}).status()); }));
  for (int b = 0; b < 100; ++b) {
    Batch many;
    for (int i = 0; i < 1000; ++i)
      many.metrics.push_back(
          {.key = "long", .point = {static_cast<float>(1.0 / (1 + b * 1000 + i)), b * 1000 + i, b * 1000 + i}});
    Check(runs.LogBatch({}, run->info.run_id, std::move(many)));
  }
  std::printf("%-28s %8.2f ms\n", "history of 100,000",
              Median(9, [&] { Check(runs.MetricHistory({}, run->info.run_id, "long").status()); }));
  std::printf("%-28s %8.2f ms\n", "sample of 320",
              Median(9, [&] { Check(runs.SampleMetric({}, run->info.run_id, "long", 320).status()); }));
  return 0;
}
