// What survives when things go wrong: the process killed, PostgreSQL killed, the disk full.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstring>
#include <fstream>
#include <mutex>
#include <random>
#include <set>
#include <thread>
#include <vector>

#include "maru/sql/database.h"
#include "maru/sql/migration.h"
#include "maru/sql/test_database.h"

namespace maru::sql {
namespace {

using std::chrono::milliseconds;
using ::testing::HasSubstr;

// Every write puts the same number into both tables, so that half a write shows.
constexpr Migration kTables[] = {{1, R"(
  CREATE TABLE left_half (n BIGINT PRIMARY KEY, filler TEXT NOT NULL);
  CREATE TABLE right_half (n BIGINT PRIMARY KEY);
)"}};

Status WriteBoth(Database& db, std::int64_t n) {
  return db.Write([&](Writer& w) -> Status {
    MARU_RETURN_IF_ERROR(w.Execute("INSERT INTO left_half VALUES (?, ?)", {n, std::string(500, 'x')}).status());
    return w.Execute("INSERT INTO right_half VALUES (?)", {n}).status();
  });
}

// All numbers that are stored; fails when one is there by half.
std::set<std::int64_t> StoredWhole(Database& db) {
  std::set<std::int64_t> left, right;
  const Status status = db.Read([&](Reader& r) -> Status {
    left.clear();
    right.clear();
    MARU_RETURN_IF_ERROR(r.Query("SELECT n FROM left_half", {}, [&](const Row& row) {
      left.insert(row.Int(0));
      return OkStatus();
    }));
    return r.Query("SELECT n FROM right_half", {}, [&](const Row& row) {
      right.insert(row.Int(0));
      return OkStatus();
    });
  });
  EXPECT_TRUE(status.ok()) << status;
  EXPECT_TRUE(left == right) << "a write is there by half";
  return left;
}

void ExpectAllStored(const std::set<std::int64_t>& answered, Database& db) {
  const std::set<std::int64_t> stored = StoredWhole(db);
  std::vector<std::int64_t> lost;
  std::set_difference(answered.begin(), answered.end(), stored.begin(), stored.end(), std::back_inserter(lost));
  EXPECT_TRUE(lost.empty()) << lost.size() << " answered writes are lost, the first is " << lost.front();
}

class FaultTest : public ::testing::TestWithParam<Dialect> {};

INSTANTIATE_TEST_SUITE_P(, FaultTest, ::testing::Values(Dialect::kSqlite, Dialect::kPostgres),
                         [](const auto& info) { return DialectName(info.param); });

// In the child: writes from many threads and reports each answered one, until it is killed.
[[noreturn]] void WriteUntilKilled(const std::string& url, int round, int report) {
  auto db = Open(url);
  if (!db.ok() || !Migrate(**db, "test", kTables).ok()) _exit(3);
  std::vector<std::thread> threads;
  for (int t = 0; t < 6; ++t) {
    threads.emplace_back([&, t] {
      for (std::int64_t i = 0;; ++i) {
        const std::int64_t n = (round * 10LL + t) * 1'000'000 + i;
        if (WriteBoth(**db, n).ok() && write(report, &n, sizeof n) != sizeof n) _exit(4);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  _exit(5);
}

TEST_P(FaultTest, KilledTwentyTimesNothingAnsweredIsLost) {
  const TestDatabase test(GetParam());
  std::mt19937 random(std::random_device{}());
  std::set<std::int64_t> answered;
  for (int round = 0; round < 20; ++round) {
    int ends[2];
    ASSERT_EQ(pipe(ends), 0);
    const pid_t child = fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      close(ends[0]);
      WriteUntilKilled(test.url(), round, ends[1]);
    }
    close(ends[1]);
    std::thread killer;
    std::int64_t n;
    while (read(ends[0], &n, sizeof n) == sizeof n) {  // whole numbers: so short a write to a pipe is atomic
      answered.insert(n);
      if (!killer.joinable()) {  // from the first answer on
        killer = std::thread([child, wait = std::uniform_int_distribution<int>(0, 120)(random)] {
          std::this_thread::sleep_for(milliseconds(wait));
          kill(child, SIGKILL);
        });
      }
    }
    if (killer.joinable()) killer.join();
    close(ends[0]);
    int status = 0;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFSIGNALED(status)) << "the child could not write: " << WEXITSTATUS(status);
    const auto db = Open(test.url());
    ASSERT_TRUE(db.ok()) << db.status();
    ExpectAllStored(answered, **db);
  }
  EXPECT_GT(answered.size(), 100u);
}

TEST(PostgresFaultTest, KilledAndRestartedUnderLoad) {
  PostgresServer server;
  auto opened = Open(server.NewDatabase());
  ASSERT_TRUE(opened.ok()) << opened.status();
  Database& db = **opened;
  ASSERT_TRUE(Migrate(db, "test", kTables).ok());
  std::mutex mutex;
  std::set<std::int64_t> answered;
  std::atomic<std::int64_t> answers = 0, unavailable = 0, other = 0;
  std::atomic<bool> stop = false;
  std::vector<std::thread> threads;
  for (int t = 0; t < 6; ++t) {
    threads.emplace_back([&, t] {
      for (std::int64_t i = 0; !stop; ++i) {
        const std::int64_t n = t * 1'000'000 + i;
        const Status status = WriteBoth(db, n);
        if (status.ok()) {
          ++answers;
          std::lock_guard lock(mutex);
          answered.insert(n);
        } else if (status.code() == absl::StatusCode::kUnavailable) {
          ++unavailable;
          std::this_thread::sleep_for(milliseconds(1));
        } else {
          ++other;
          ADD_FAILURE() << status;
        }
        const Status read = db.Read([&](Reader& r) {
          return r.Query("SELECT COUNT(*) FROM left_half", {}, [](const Row&) { return OkStatus(); });
        });
        EXPECT_TRUE(read.ok() || absl::IsUnavailable(read)) << read;
      }
    });
  }
  const auto wait_for_more = [&] {
    const std::int64_t before = answers;
    for (int i = 0; i < 1500 && answers < before + 100; ++i) std::this_thread::sleep_for(milliseconds(10));
    EXPECT_GE(answers, before + 100) << "writes do not go on";
  };
  wait_for_more();
  for (const bool crash : {true, false, true}) {
    if (crash) {
      server.Kill();
    } else {
      server.Stop();
    }
    const std::int64_t before = unavailable;
    for (int i = 0; i < 1000 && unavailable < before + 10; ++i) std::this_thread::sleep_for(milliseconds(10));
    EXPECT_GE(unavailable, before + 10) << "nobody was told that the database is away";
    server.Restart();
    wait_for_more();
  }
  stop = true;
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(other, 0);
  ExpectAllStored(answered, db);
  EXPECT_FALSE(Open("postgresql://nobody@127.0.0.1:1/x").ok());
}

// A small file system of its own, which can be filled and made read-only.
class SmallDisk {
 public:
  SmallDisk() { mounted_ = mount("tmpfs", folder_.path().c_str(), "tmpfs", 0, "size=6m") == 0; }
  ~SmallDisk() {
    if (mounted_) umount2(folder_.path().c_str(), MNT_DETACH);
  }
  bool mounted() const { return mounted_; }
  bool MakeReadOnly() { return mount(nullptr, folder_.path().c_str(), nullptr, MS_REMOUNT | MS_RDONLY, nullptr) == 0; }
  std::string operator/(std::string_view name) const { return folder_ / name; }

 private:
  TempFolder folder_;
  bool mounted_;
};

constexpr char kNeedsRoot[] = "this test mounts a small tmpfs: run it as root";

TEST(FullDiskTest, WritesFailClearlyAndGoOnWhenThereIsRoom) {
  const SmallDisk disk;
  ASSERT_TRUE(disk.mounted()) << kNeedsRoot << ": " << strerror(errno);
  std::ofstream(disk / "ballast") << std::string(2'000'000, 'x');
  auto opened = Open("sqlite:" + disk / "db");
  ASSERT_TRUE(opened.ok()) << opened.status();
  ASSERT_TRUE(Migrate(**opened, "test", kTables).ok());
  std::set<std::int64_t> answered;
  Status status;
  std::int64_t n = 0;
  for (; n < 100'000; ++n) {
    status = WriteBoth(**opened, n);
    if (!status.ok()) break;
    answered.insert(n);
  }
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable) << status;
  EXPECT_THAT(status.message(), HasSubstr("full"));
  EXPECT_FALSE(WriteBoth(**opened, n + 1).ok()) << "still full";
  ExpectAllStored(answered, **opened);  // reads go on

  unlink((disk / "ballast").c_str());
  for (const std::int64_t more : {n + 2, n + 3}) {
    status = WriteBoth(**opened, more);
    EXPECT_TRUE(status.ok()) << status;
    answered.insert(more);
  }
  ExpectAllStored(answered, **opened);
  opened->reset();
  opened = Open("sqlite:" + disk / "db");
  ASSERT_TRUE(opened.ok()) << opened.status();
  ExpectAllStored(answered, **opened);
  EXPECT_FALSE(StoredWhole(**opened).contains(n)) << "a refused write is there";
}

TEST(ReadOnlyDiskTest, OpenSaysSo) {
  SmallDisk disk;
  ASSERT_TRUE(disk.mounted()) << kNeedsRoot << ": " << strerror(errno);
  ASSERT_TRUE(Open("sqlite:" + disk / "db").ok());
  ASSERT_TRUE(disk.MakeReadOnly());
  const Status status = Open("sqlite:" + disk / "db").status();
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(status.message(), HasSubstr("Read-only"));
}

}  // namespace
}  // namespace maru::sql
