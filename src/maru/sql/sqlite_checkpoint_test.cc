#include "maru/sql/sqlite_checkpoint.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "maru/sql/test_database.h"

namespace maru::sql {
namespace {

TEST(SqliteCheckpointTest, TheLogStartsOverInsteadOfGrowing) {
  TempFolder folder;
  const std::string path = folder / "maru.db";
  auto database = Open("sqlite:" + path);
  ASSERT_TRUE(database.ok()) << database.status();
  ASSERT_TRUE(
      (*database)
          ->Write([](Writer& w) { return w.Execute("CREATE TABLE t (id BIGINT PRIMARY KEY, x TEXT)").status(); })
          .ok());
  std::string text(100'000, 'x');
  for (int i = 0; i < 900; ++i) {  // 90 MB through the log; the same text again would not be written
    text.assign(text.size(), static_cast<char>('a' + i % 26));
    ASSERT_TRUE((*database)
                    ->Write([&](Writer& w) {
                      return w
                          .Execute("INSERT INTO t VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET x = excluded.x",
                                   {i % 10, text})
                          .status();
                    })
                    .ok());
  }
  EXPECT_LT(std::filesystem::file_size(path + "-wal"), 60u << 20);
  EXPECT_GT(std::filesystem::file_size(path), 500'000u) << "nothing was copied into the database file";
}

}  // namespace
}  // namespace maru::sql
