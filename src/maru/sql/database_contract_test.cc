// What every engine must do alike.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <cmath>
#include <condition_variable>
#include <limits>
#include <mutex>
#include <set>
#include <thread>

#include "maru/sql/database.h"
#include "maru/sql/migration.h"
#include "maru/sql/test_database.h"
#include "maru/sql/text_match.h"

namespace maru::sql {
namespace {

using ::testing::HasSubstr;

class DatabaseContract : public ::testing::TestWithParam<Dialect> {
 protected:
  void SetUp() override { Reopen(); }

  void Reopen(const OpenOptions& options = {}) {
    db_.reset();
    auto opened = Open(test_.url(), options);
    ASSERT_TRUE(opened.ok()) << opened.status();
    db_ = *std::move(opened);
  }

  Status Run(std::string_view sql, const Args& args = {}) {
    return db_->Write([&](Writer& w) { return w.Execute(sql, args).status(); });
  }

  std::int64_t Count(std::string_view sql, const Args& args = {}) {
    std::int64_t n = -1;
    const Status status = db_->Read([&](Reader& r) -> Status {
      MARU_ASSIGN_OR_RETURN(const auto found, r.QueryOne(sql, args, [](const Row& row) { return row.Int(0); }));
      n = found.value_or(-1);
      return OkStatus();
    });
    EXPECT_TRUE(status.ok()) << status;
    return n;
  }

  TestDatabase test_{GetParam()};
  std::unique_ptr<Database> db_;
};

INSTANTIATE_TEST_SUITE_P(, DatabaseContract, ::testing::Values(Dialect::kSqlite, Dialect::kPostgres),
                         [](const auto& info) { return DialectName(info.param); });

TEST_P(DatabaseContract, MatchesText) {
  ASSERT_TRUE(Run("CREATE TABLE t (s TEXT)").ok());
  for (const char* text : {"Alpha", "alpha", "al_pha", "beta-12", "a\\%"})
    ASSERT_TRUE(Run("INSERT INTO t VALUES (?)", {text}).ok());
  ASSERT_TRUE(Run("INSERT INTO t VALUES (NULL)").ok());
  const auto count = [&](const std::string& condition, std::string_view pattern) {
    return Count("SELECT count(*) FROM t WHERE " + condition, {pattern});
  };
  const Dialect dialect = db_->dialect();
  EXPECT_EQ(count(Like(dialect, "s"), "al%"), 2);
  EXPECT_EQ(count(Like(dialect, "s"), "Al____"), 0);
  EXPECT_EQ(count(Like(dialect, "s"), "Al___"), 1);
  EXPECT_EQ(count(Like(dialect, "s"), "a\\%"), 1);
  EXPECT_EQ(count(ILike(dialect, "s"), "AL%A"), 3);
  EXPECT_EQ(count(MatchesRegex(dialect, "s"), "^al"), 2);
  EXPECT_EQ(count(MatchesRegex(dialect, "s"), "[0-9]{2}$"), 1);
  EXPECT_TRUE(CheckRegex("a|b").ok());
  EXPECT_EQ(CheckRegex("(").code(), absl::StatusCode::kInvalidArgument);
}

TEST_P(DatabaseContract, KeepsEveryType) {
  constexpr Migration kTable[] = {{1, "CREATE TABLE t (i BIGINT, d DOUBLE PRECISION, s TEXT, b BLOB);"}};
  ASSERT_TRUE(Migrate(*db_, "test", kTable).ok());
  const std::string bytes("\x00\xff\x01", 3);
  const std::int64_t smallest = std::numeric_limits<std::int64_t>::min();
  ASSERT_TRUE(Run("INSERT INTO t VALUES (?, ?, ?, ?)", {smallest, 0.1, "마루", Blob{bytes}}).ok());
  ASSERT_TRUE(Run("INSERT INTO t VALUES (?, ?, ?, ?)", {true, INFINITY, "", Blob{}}).ok());
  ASSERT_TRUE(Run("INSERT INTO t VALUES (?, ?, ?, ?)", {nullptr, nullptr, std::optional<std::string>(), nullptr}).ok());
  int rows = 0;
  ASSERT_TRUE(db_->Read([&](Reader& r) {
                   return r.Query("SELECT i, d, s, b FROM t WHERE i < 0", {}, [&](const Row& row) {
                     ++rows;
                     EXPECT_EQ(row.Int(0), smallest);
                     EXPECT_EQ(row.Real(1), 0.1);
                     EXPECT_EQ(row.Text(2), "마루");
                     EXPECT_EQ(row.Bytes(3), bytes);
                     return OkStatus();
                   });
                 })
                  .ok());
  ASSERT_TRUE(db_->Read([&](Reader& r) {
                   return r.Query("SELECT i, d, s, b FROM t WHERE i > 0", {}, [&](const Row& row) {
                     ++rows;
                     EXPECT_TRUE(row.Bool(0));
                     EXPECT_EQ(row.Real(1), INFINITY);
                     EXPECT_FALSE(row.IsNull(2)) << "an empty string is not NULL";
                     EXPECT_FALSE(row.IsNull(3));
                     EXPECT_EQ(row.Bytes(3), "");
                     return OkStatus();
                   });
                 })
                  .ok());
  ASSERT_TRUE(db_->Read([&](Reader& r) {
                   return r.Query("SELECT i, d, s, b FROM t WHERE i IS NULL", {}, [&](const Row& row) {
                     ++rows;
                     for (int c = 0; c < 4; ++c) EXPECT_TRUE(row.IsNull(c));
                     EXPECT_EQ(row.Int(0), 0);
                     EXPECT_EQ(row.Text(2), "");
                     EXPECT_EQ(row.OptionalString(2), std::nullopt);
                     return OkStatus();
                   });
                 })
                  .ok());
  EXPECT_EQ(rows, 3);
}

TEST_P(DatabaseContract, RefusesWhatAnEngineWouldBend) {
  ASSERT_TRUE(Run("CREATE TABLE t (d DOUBLE PRECISION, s TEXT)").ok());
  EXPECT_EQ(Run("INSERT INTO t VALUES (?, ?)", {std::nan(""), "x"}).code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(Run("INSERT INTO t VALUES (?, ?)", {1.0, std::string("a\0b", 3)}).code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(Run("INSERT INTO t VALUES (?, ?)", {1.0, "\xff"}).code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(Count("SELECT COUNT(*) FROM t"), 0);
}

TEST_P(DatabaseContract, NamesTheViolatedConstraint) {
  ASSERT_TRUE(Run("CREATE TABLE p (id BIGINT PRIMARY KEY, u TEXT UNIQUE)").ok());
  ASSERT_TRUE(Run("CREATE TABLE c (p BIGINT NOT NULL REFERENCES p (id), n BIGINT CHECK (n > 0))").ok());
  ASSERT_TRUE(Run("INSERT INTO p VALUES (1, 'a')").ok());
  EXPECT_EQ(Run("INSERT INTO p VALUES (1, 'b')").code(), absl::StatusCode::kAlreadyExists);
  EXPECT_EQ(Run("INSERT INTO p VALUES (2, 'a')").code(), absl::StatusCode::kAlreadyExists);
  EXPECT_EQ(Run("INSERT INTO c VALUES (9, 1)").code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(Run("INSERT INTO c VALUES (1, 0)").code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(Run("INSERT INTO c VALUES (NULL, 1)").code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(Run("DELETE FROM p").ok(), true);
  EXPECT_EQ(Run("INSERT INTO nowhere VALUES (1)").code(), absl::StatusCode::kInternal);
  EXPECT_EQ(Run("INSERT INTO p VALUES (?, ?)", {1}).code(), absl::StatusCode::kInternal);
}

TEST_P(DatabaseContract, CountsChangesAndReturnsRows) {
  ASSERT_TRUE(Run("CREATE TABLE t (id BIGINT, v BIGINT)").ok());
  ASSERT_TRUE(db_->Write([&](Writer& w) -> Status {
                   MARU_ASSIGN_OR_RETURN(const auto two, w.Execute("INSERT INTO t VALUES (1, 1), (2, 2)"));
                   EXPECT_EQ(two, 2);
                   MARU_ASSIGN_OR_RETURN(const auto none, w.Execute("UPDATE t SET v = 0 WHERE id = ?", {7}));
                   EXPECT_EQ(none, 0);
                   MARU_ASSIGN_OR_RETURN(const auto id, w.QueryOne("UPDATE t SET v = v + ? WHERE id = ? RETURNING v",
                                                                   {10, 2}, [](const Row& row) { return row.Int(0); }));
                   EXPECT_EQ(id, 12);
                   MARU_ASSIGN_OR_RETURN(const auto all, w.QueryAll("SELECT id FROM t ORDER BY id", {},
                                                                    [](const Row& row) { return row.Int(0); }));
                   EXPECT_THAT(all, ::testing::ElementsAre(1, 2));
                   return OkStatus();
                 })
                  .ok());
}

TEST_P(DatabaseContract, AnErrorUndoesItsOwnWriteOnly) {
  ASSERT_TRUE(Run("CREATE TABLE t (id BIGINT PRIMARY KEY)").ok());
  // Everyone waits behind the first write, so that the others land in one group.
  std::atomic<int> inside = 0;
  std::mutex mutex;
  std::condition_variable go;
  bool may_go = false;
  std::vector<std::thread> threads;
  threads.emplace_back([&] {
    (void)db_->Write([&](Writer&) {
      inside = 1;
      std::unique_lock lock(mutex);
      go.wait(lock, [&] { return may_go; });
      return OkStatus();
    });
  });
  while (inside == 0) std::this_thread::yield();
  std::atomic<int> ok = 0, aborted = 0, exists = 0;
  for (int i = 0; i < 30; ++i) {
    threads.emplace_back([&, i] {
      const Status status = db_->Write([&](Writer& w) -> Status {
        MARU_RETURN_IF_ERROR(w.Execute("INSERT INTO t VALUES (?)", {i}).status());
        if (i % 3 == 1) return Aborted("changed my mind");
        if (i % 3 == 2) return w.Execute("INSERT INTO t VALUES (?)", {i}).status();
        return OkStatus();
      });
      if (status.ok()) ++ok;
      if (status.code() == absl::StatusCode::kAborted) ++aborted;
      if (status.code() == absl::StatusCode::kAlreadyExists) ++exists;
    });
  }
  std::this_thread::sleep_for(std::chrono::milliseconds(100));
  {
    std::lock_guard lock(mutex);
    may_go = true;
  }
  go.notify_all();
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(ok, 10);
  EXPECT_EQ(aborted, 10);
  EXPECT_EQ(exists, 10);
  EXPECT_EQ(Count("SELECT COUNT(*) FROM t"), 10);
  EXPECT_EQ(Count("SELECT COUNT(*) FROM t WHERE id % 3 = 0"), 10);
}

TEST_P(DatabaseContract, AFailedStatementDoomsItsWrite) {
  ASSERT_TRUE(Run("CREATE TABLE t (id BIGINT PRIMARY KEY)").ok());
  ASSERT_TRUE(Run("INSERT INTO t VALUES (1)").ok());
  const Status status = db_->Write([&](Writer& w) -> Status {
    EXPECT_TRUE(w.Execute("INSERT INTO t VALUES (2)").ok());
    EXPECT_EQ(w.Execute("INSERT INTO t VALUES (1)").status().code(), absl::StatusCode::kAlreadyExists);
    EXPECT_EQ(w.Execute("INSERT INTO t VALUES (3)").status().code(), absl::StatusCode::kAlreadyExists);
    return OkStatus();
  });
  EXPECT_EQ(status.code(), absl::StatusCode::kAlreadyExists);
  EXPECT_EQ(Count("SELECT COUNT(*) FROM t"), 1);
}

TEST_P(DatabaseContract, WritesAreSerialAndAllThere) {
  ASSERT_TRUE(Run("CREATE TABLE counter (n BIGINT)").ok());
  ASSERT_TRUE(Run("CREATE TABLE log (n BIGINT PRIMARY KEY)").ok());
  ASSERT_TRUE(Run("INSERT INTO counter VALUES (0)").ok());
  constexpr int kThreads = 16, kEach = 50;
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < kEach; ++i) {
        const Status status = db_->Write([&](Writer& w) -> Status {
          MARU_ASSIGN_OR_RETURN(const auto n,
                                w.QueryOne("SELECT n FROM counter", {}, [](const Row& row) { return row.Int(0); }));
          MARU_RETURN_IF_ERROR(w.Execute("UPDATE counter SET n = ?", {*n + 1}).status());
          return w.Execute("INSERT INTO log VALUES (?)", {*n + 1}).status();
        });
        EXPECT_TRUE(status.ok()) << status;
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(Count("SELECT n FROM counter"), kThreads * kEach);
  Reopen();
  EXPECT_EQ(Count("SELECT COUNT(*) FROM log"), kThreads * kEach);
}

TEST_P(DatabaseContract, ASnapshotDoesNotMove) {
  ASSERT_TRUE(Run("CREATE TABLE t (id BIGINT)").ok());
  ASSERT_TRUE(
      db_->Read([&](Reader& r) -> Status {
           const auto count = [&] {
             return r.QueryOne("SELECT COUNT(*) FROM t", {}, [](const Row& row) { return row.Int(0); })->value();
           };
           EXPECT_EQ(count(), 0);
           std::thread([&] { EXPECT_TRUE(Run("INSERT INTO t VALUES (1)").ok()); }).join();
           EXPECT_EQ(count(), 0);
           return OkStatus();
         })
          .ok());
  EXPECT_EQ(Count("SELECT COUNT(*) FROM t"), 1) << "the next snapshot sees every answered write";
}

TEST_P(DatabaseContract, ReadersCannotWrite) {
  ASSERT_TRUE(Run("CREATE TABLE t (id BIGINT)").ok());
  EXPECT_FALSE(db_->Read([&](Reader& r) {
                    return r.Query("INSERT INTO t VALUES (1) RETURNING id", {}, [](const Row&) { return OkStatus(); });
                  })
                   .ok());
  EXPECT_EQ(Count("SELECT COUNT(*) FROM t"), 0);
}

TEST_P(DatabaseContract, QueriesNest) {
  ASSERT_TRUE(Run("CREATE TABLE t (id BIGINT)").ok());
  ASSERT_TRUE(Run("INSERT INTO t VALUES (1), (2), (3)").ok());
  int pairs = 0;
  constexpr std::string_view kAll = "SELECT id FROM t";
  ASSERT_TRUE(db_->Read([&](Reader& r) {
                   return r.Query(kAll, {}, [&](const Row&) {
                     return r.Query(kAll, {}, [&](const Row&) {
                       ++pairs;
                       return OkStatus();
                     });
                   });
                 })
                  .ok());
  EXPECT_EQ(pairs, 9);
}

TEST_P(DatabaseContract, ARowsErrorStopsTheQuery) {
  ASSERT_TRUE(Run("CREATE TABLE t (id BIGINT)").ok());
  ASSERT_TRUE(Run("INSERT INTO t VALUES (1), (2), (3)").ok());
  int seen = 0;
  const Status status = db_->Read([&](Reader& r) {
    return r.Query("SELECT id FROM t", {}, [&](const Row&) {
      ++seen;
      return OutOfRange("enough");
    });
  });
  EXPECT_EQ(status.code(), absl::StatusCode::kOutOfRange);
  EXPECT_EQ(seen, 1);
}

TEST_P(DatabaseContract, AWriteInsideAWriteIsRefused) {
  const Status status = db_->Write([&](Writer&) { return db_->Write([](Writer&) { return OkStatus(); }); });
  EXPECT_EQ(status.code(), absl::StatusCode::kInternal);
}

TEST_P(DatabaseContract, AFullQueueAnswersAtOnce) {
  Reopen({.queue_max = 1});
  std::atomic<bool> inside = false, release = false;
  std::thread holder([&] {
    (void)db_->Write([&](Writer&) {
      inside = true;
      while (!release) std::this_thread::yield();
      return OkStatus();
    });
  });
  while (!inside) std::this_thread::yield();
  EXPECT_EQ(db_->Write([](Writer&) { return OkStatus(); }).code(), absl::StatusCode::kResourceExhausted);
  release = true;
  holder.join();
}

TEST_P(DatabaseContract, OneServerAtATime) {
  const auto second = Open(test_.url());
  EXPECT_EQ(second.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(second.status().message(), HasSubstr(std::to_string(getpid())));
}

TEST_P(DatabaseContract, UnderstandsParametersWithoutCasts) {
  const Migration table[] = {{1, "CREATE TABLE t (i BIGINT, d DOUBLE PRECISION, s TEXT);"}};
  ASSERT_TRUE(Migrate(*db_, "test", table).ok());
  ASSERT_TRUE(Run("INSERT INTO t VALUES (?, ?, ?)", {5'000'000'000, 2, "abc"}).ok()) << "an integer for a double";
  ASSERT_TRUE(Run("UPDATE t SET d = ? WHERE (? IS NULL OR s = ?)", {2.5, nullptr, nullptr}).ok());
  EXPECT_EQ(Count("SELECT i + ? FROM t WHERE i > ? * 1000 AND d > ?", {1, 3'000'000, 2}), 5'000'000'001);
  EXPECT_EQ(Count("SELECT COUNT(*) FROM t WHERE (? = '' OR s = ?)", {"", "zzz"}), 1);
  EXPECT_EQ(Count("SELECT COUNT(*) FROM t WHERE (? IS NULL OR s = ?)", {"abc", "abc"}), 1);
  EXPECT_EQ(Count("SELECT COUNT(*) FROM t WHERE substr(s, 1, ?) = ?", {2, "ab"}), 1);
  EXPECT_EQ(Count("SELECT COALESCE(?, 7)", {nullptr}), 7);
  EXPECT_EQ(Count("SELECT COALESCE(?, 7)", {5'000'000'000}), 5'000'000'000);
  EXPECT_EQ(Count("SELECT SUM(i) FROM (SELECT i FROM t UNION ALL SELECT ?) AS both_of_them", {-12345}), 4'999'987'655);
  EXPECT_EQ(Count("SELECT COUNT(*) FROM t LIMIT ?", {10}), 1);
  EXPECT_EQ(Count("SELECT i FROM t WHERE i = ?", {"5000000000"}), 5'000'000'000) << "text for a number";
}

TEST_P(DatabaseContract, TextSortsByItsBytesAndLikeMindsCase) {
  const Migration table[] = {{1, "CREATE TABLE t (s TEXT PRIMARY KEY);"}};
  ASSERT_TRUE(Migrate(*db_, "test", table).ok());
  ASSERT_TRUE(Run("INSERT INTO t VALUES ('b'), ('B'), ('a_'), ('é'), ('a'), ('A')").ok());
  std::string all;
  ASSERT_TRUE(db_->Read([&](Reader& r) {
                   all.clear();
                   return r.Query("SELECT s FROM t ORDER BY s", {}, [&](const Row& row) {
                     all += row.String(0) + " ";
                     return OkStatus();
                   });
                 })
                  .ok());
  EXPECT_EQ(all, "A B a a_ b é ");
  EXPECT_EQ(Count("SELECT COUNT(*) FROM t WHERE s LIKE 'a%'"), 2);
}

}  // namespace
}  // namespace maru::sql
