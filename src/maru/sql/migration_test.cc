#include "maru/sql/migration.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "maru/sql/test_database.h"

namespace maru::sql {
namespace {

constexpr Migration kOne[] = {{1, R"(
  -- people; with a comment that ends in a semicolon;
  CREATE TABLE person (
    id $SERIAL,
    name TEXT NOT NULL,
    photo BLOB
  );
  CREATE INDEX person_name ON person (name);
)"}};
constexpr Migration kTwo[] = {kOne[0], {2, R"(
  ALTER TABLE person ADD COLUMN age BIGINT NOT NULL DEFAULT 7;
  UPDATE person SET name = name || ';';
)"}};
constexpr Migration kBroken[] = {kOne[0], {2, R"(
  ALTER TABLE person ADD COLUMN age BIGINT;
  INSERT INTO nowhere VALUES (1);
)"}};

class MigrationTest : public ::testing::TestWithParam<Dialect> {
 protected:
  void SetUp() override {
    auto opened = Open(test_.url());
    ASSERT_TRUE(opened.ok()) << opened.status();
    db_ = *std::move(opened);
  }
  Status Run(std::string_view sql) {
    return db_->Write([&](Writer& w) { return w.Execute(sql).status(); });
  }
  TestDatabase test_{GetParam()};
  std::unique_ptr<Database> db_;
};

INSTANTIATE_TEST_SUITE_P(, MigrationTest, ::testing::Values(Dialect::kSqlite, Dialect::kPostgres),
                         [](const auto& info) { return DialectName(info.param); });

TEST_P(MigrationTest, FreshAndAgain) {
  ASSERT_TRUE(Migrate(*db_, "people", kTwo).ok());
  ASSERT_TRUE(Migrate(*db_, "people", kTwo).ok());
  EXPECT_TRUE(Run("INSERT INTO person (name, age) VALUES ('Ada', 36)").ok());
}

TEST_P(MigrationTest, UpgradesAPopulatedDatabase) {
  ASSERT_TRUE(Migrate(*db_, "people", kOne).ok());
  ASSERT_TRUE(Run("INSERT INTO person (name) VALUES ('Ada')").ok());
  ASSERT_TRUE(Migrate(*db_, "people", kTwo).ok());
  ASSERT_TRUE(db_->Read([](Reader& r) -> Status {
                   MARU_ASSIGN_OR_RETURN(const auto name, r.QueryOne("SELECT name FROM person WHERE age = 7", {},
                                                                     [](const Row& row) { return row.String(0); }));
                   EXPECT_EQ(name, "Ada;");
                   return OkStatus();
                 })
                  .ok());
}

TEST_P(MigrationTest, ModulesCountTheirOwnVersions) {
  ASSERT_TRUE(Migrate(*db_, "people", kTwo).ok());
  constexpr Migration kPets[] = {{1, "CREATE TABLE pet (id $SERIAL, name TEXT);"}};
  EXPECT_TRUE(Migrate(*db_, "pets", kPets).ok());
}

TEST_P(MigrationTest, AFailedOneLeavesNothing) {
  ASSERT_TRUE(Migrate(*db_, "people", kOne).ok());
  EXPECT_FALSE(Migrate(*db_, "people", kBroken).ok());
  EXPECT_TRUE(Migrate(*db_, "people", kTwo).ok()) << "the column of the failed one must not be there";
}

TEST_P(MigrationTest, RefusesADatabaseFromTheFuture) {
  ASSERT_TRUE(Migrate(*db_, "people", kTwo).ok());
  const Status status = Migrate(*db_, "people", kOne);
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(status.message(), ::testing::HasSubstr("newer"));
}

}  // namespace
}  // namespace maru::sql
