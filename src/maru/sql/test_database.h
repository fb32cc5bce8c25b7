// Databases for tests: each engine behind one name, so that a suite runs on all of them. Link maru_sql_testing.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "maru/sql/database.h"

namespace maru::sql {

// A folder that is gone with its contents when the test ends.
class TempFolder {
 public:
  TempFolder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "maru-test-XXXXXX").string();
    if (mkdtemp(pattern.data()) == nullptr) std::abort();
    path_ = pattern;
  }
  ~TempFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TempFolder(const TempFolder&) = delete;
  std::string operator/(std::string_view name) const { return (path_ / name).string(); }
  std::string path() const { return path_.string(); }

 private:
  std::filesystem::path path_;
};

// A real PostgreSQL 15 of its own, by tests/servers/postgres.sh. A machine without one fails the test: it never passes
// by skipping. Ends with the process at the latest.
class PostgresServer {
 public:
  PostgresServer();
  ~PostgresServer();
  PostgresServer(const PostgresServer&) = delete;

  // The one that tests share which do not hurt it: at MARU_TEST_POSTGRES_URL when that is set, else started once.
  static PostgresServer& Shared();

  std::string NewDatabase();  // the URL of an empty one
  void Kill();                // as a crash would
  void Stop();
  void Restart();  // after either

 private:
  explicit PostgresServer(std::string url) : url_(std::move(url)) {}
  std::string folder_;  // empty: not ours
  std::string url_;
  int databases_ = 0;
};

// An empty database of either kind, and the URL that opens it.
class TestDatabase {
 public:
  explicit TestDatabase(Dialect dialect);
  const std::string& url() const { return url_; }

 private:
  TempFolder folder_;
  std::string url_;
};

// For the names of parameterised tests.
inline std::string DialectName(Dialect dialect) {
  return dialect == Dialect::kSqlite ? "Sqlite" : "Postgres";
}

}  // namespace maru::sql
