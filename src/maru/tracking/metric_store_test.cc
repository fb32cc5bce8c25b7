#include "maru/tracking/metric_store.h"

#include <gmock/gmock.h>

#include <cmath>
#include <random>
#include <thread>

#include "maru/tracking/series_codec.h"
#include "maru/tracking/tracking_test_fixture.h"

namespace maru::tracking {
namespace {

class MetricStoreTest : public TrackingTest {
 protected:
  void Log(const std::string& run, const std::string& key, const std::vector<MetricPoint>& points) {
    for (std::size_t at = 0; at < points.size(); at += kBatchMax) {
      Batch batch;
      for (std::size_t i = at; i < std::min(points.size(), at + kBatchMax); ++i)
        batch.metrics.push_back({.key = key, .point = points[i]});
      ASSERT_TRUE(runs_->LogBatch(caller_, run, std::move(batch)).ok());
    }
  }

  void FoldAll() {
    MetricStore store(*database_);
    ASSERT_TRUE(store.Open().ok());
    for (;;) {
      const auto folded = store.FoldSome(7);
      ASSERT_TRUE(folded.ok()) << folded.status();
      if (*folded == 0) return;
    }
  }

  std::int64_t Count(std::string_view sql) {
    std::int64_t count = -1;
    EXPECT_TRUE(database_
                    ->Read([&](sql::Reader& reader) {
                      return reader.Query(sql, {}, [&](const sql::Row& row) {
                        count = row.Int(0);
                        return OkStatus();
                      });
                    })
                    .ok());
    return count;
  }

  static constexpr std::size_t kBatchMax = 1000;
};

INSTANTIATE_ON_ALL_ENGINES(MetricStoreTest);

TEST_P(MetricStoreTest, HistoryIsTheSameBeforeWhileAndAfterFolding) {
  const std::string run = NewRunId();
  std::mt19937_64 random(3);
  std::vector<MetricPoint> points;
  for (int i = 0; i < 20'000; ++i) {
    points.push_back(
        {i % 97 == 0 ? NAN : std::sin(i * 0.01), 1'000'000 + i * 3 + static_cast<std::int64_t>(random() % 3), i});
  }
  const auto expect_all = [&](const char* when) {
    const auto page = runs_->MetricHistory(caller_, run, "m");
    ASSERT_TRUE(page.ok()) << page.status();
    ASSERT_EQ(page->items.size(), points.size()) << when;
    for (std::size_t i = 0; i < points.size(); ++i) ASSERT_TRUE(SamePoint(page->items[i], points[i])) << when << i;
  };
  Log(run, "m", {points.begin(), points.begin() + 9'500});
  FoldAll();
  Log(run, "m", {points.begin() + 9'500, points.end()});
  expect_all("half folded");
  FoldAll();
  expect_all("folded");
  EXPECT_EQ(Count("SELECT COUNT(*) FROM metric_log"), 0);
  EXPECT_EQ(Count("SELECT COUNT(*) FROM metric_chunks"), (20'000 + kChunkPointsMax - 1) / kChunkPointsMax);
  EXPECT_LT(Count("SELECT SUM(LENGTH(points)) FROM metric_chunks"),
            20'000 * 6);  // doubles with holes; series_codec_test.cc has the smooth ones
  CloseAll();
  OpenAll();
  expect_all("reopened");
}

TEST_P(MetricStoreTest, ASeriesOfOnePointHasNoChunk) {
  const std::string run = NewRunId();
  Log(run, "m", {{0.5, 10, 1}});
  FoldAll();
  EXPECT_EQ(Count("SELECT COUNT(*) FROM metric_chunks"), 0);
  EXPECT_EQ(runs_->MetricHistory(caller_, run, "m")->items.size(), 1u);
  Log(run, "m", {{0.25, 11, 2}});
  EXPECT_EQ(runs_->MetricHistory(caller_, run, "m")->items.size(), 2u);
  FoldAll();
  EXPECT_EQ(Count("SELECT COUNT(*) FROM metric_chunks"), 1);
  EXPECT_EQ(runs_->MetricHistory(caller_, run, "m")->items.size(), 2u);
}

TEST_P(MetricStoreTest, LatestIsByStepThenTimeThenValueWhereverPointsLie) {
  const std::string run = NewRunId();
  Log(run, "m", {{1, 10, 5}, {2, 11, 5}});
  FoldAll();
  Log(run, "m", {{3, 99, 4}, {NAN, 11, 5}});
  EXPECT_EQ(runs_->Get(caller_, run)->metrics.at(0).point.value, 2);
  FoldAll();
  EXPECT_EQ(runs_->Get(caller_, run)->metrics.at(0).point.value, 2);
  Log(run, "m", {{NAN, 12, 5}});
  EXPECT_TRUE(std::isnan(runs_->Get(caller_, run)->metrics.at(0).point.value));
  FoldAll();
  EXPECT_TRUE(std::isnan(runs_->Get(caller_, run)->metrics.at(0).point.value));
}

TEST_P(MetricStoreTest, ManyWritersWhileTheCompactorRuns) {
  constexpr int kThreads = 4, kBatches = 60;
  std::vector<std::string> ids;
  for (int t = 0; t < kThreads; ++t) ids.push_back(NewRunId());
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (int b = 0; b < kBatches; ++b) {
        Batch batch;
        for (int i = 0; i < 20; ++i) batch.metrics.push_back({.key = fmt::format("k{}", i), .point = {b * 1.0, b, b}});
        EXPECT_TRUE(runs_->LogBatch(caller_, ids[t], std::move(batch)).ok());
      }
    });
  }
  std::thread folder([&] {
    for (int i = 0; i < 20; ++i) FoldAll();
  });
  for (std::thread& thread : threads) thread.join();
  folder.join();
  for (const std::string& id : ids) {
    for (int i = 0; i < 20; ++i) {
      const auto page = runs_->MetricHistory(caller_, id, fmt::format("k{}", i));
      ASSERT_EQ(page->items.size(), kBatches);
      EXPECT_EQ(page->items.back().value, kBatches - 1);
    }
  }
}

TEST_P(MetricStoreTest, SamplesAndChartsKeepTheEndsAndTheExtremes) {
  const std::string run = NewRunId();
  std::vector<MetricPoint> points;
  for (int i = 0; i < 50'000; ++i) points.push_back({std::sin(i * 0.001), 1'000 + i, i});
  points[31'234].value = 50;  // one spike that a plain sample would miss
  points[12'345].value = -50;
  Log(run, "m", points);
  FoldAll();
  const auto sample = runs_->SampleMetric(caller_, run, "m", 320);
  ASSERT_TRUE(sample.ok());
  EXPECT_EQ(sample->size(), 320u);
  EXPECT_EQ(sample->front().step, 0);
  EXPECT_EQ(sample->back().step, 49'999);
  const auto chart = runs_->ChartMetric(caller_, run, "m", 1000);
  ASSERT_TRUE(chart.ok());
  EXPECT_LE(chart->size(), 2002u);
  double low = 0, high = 0;
  for (const MetricPoint& p : *chart) {
    low = std::min(low, p.value);
    high = std::max(high, p.value);
  }
  EXPECT_EQ(low, -50);
  EXPECT_EQ(high, 50);
  EXPECT_EQ(chart->front().step, 0);
  EXPECT_EQ(chart->back().step, 49'999);
  const auto part = runs_->SampleMetric(caller_, run, "m", 10, StepRange{100, 104});
  ASSERT_EQ(part->size(), 5u);
  EXPECT_EQ(part->front().step, 100);
}

}  // namespace
}  // namespace maru::tracking
