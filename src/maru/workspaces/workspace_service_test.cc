#include "maru/workspaces/workspace_service.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "maru/base/clock.h"
#include "maru/sql/test_database.h"
#include "maru/workspaces/workspace_settings.h"

namespace maru::workspaces {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

// Notes kept in workspaces, in a table of their own.
class Notes : public WorkspaceContents {
 public:
  std::string_view what() const override { return "notes"; }
  Result<std::int64_t> Count(sql::Reader& reader, std::string_view workspace) override {
    MARU_ASSIGN_OR_RETURN(const auto count,
                          reader.QueryOne("SELECT COUNT(*) FROM notes WHERE workspace = ?", {workspace},
                                          [](const sql::Row& row) { return row.Int(0); }));
    return count.value_or(0);
  }
  Status DeleteAll(sql::Writer& writer, const Caller&, std::string_view workspace) override {
    return writer.Execute("DELETE FROM notes WHERE workspace = ?", {workspace}).status();
  }
  Status MoveAll(sql::Writer& writer, const Caller&, std::string_view from, std::string_view to) override {
    return writer.Execute("UPDATE notes SET workspace = ? WHERE workspace = ?", {to, from}).status();
  }
};

class WorkspaceServiceTest : public testing::Test {
 protected:
  void SetUp() override {
    db_ = *sql::Open("sqlite:" + folder_ / "db");
    events_ = *events::EventLog::Open(*db_, Clock::System());
    ASSERT_TRUE(Run("CREATE TABLE notes (workspace TEXT, note TEXT)").ok());
    Reopen();
  }
  void Reopen() {
    auto service = WorkspaceService::Open(*db_, *events_, {&notes_});
    ASSERT_TRUE(service.ok()) << service.status();
    workspaces_ = *std::move(service);
  }
  Status Run(std::string_view sql) {
    return db_->Write([&](sql::Writer& writer) { return writer.Execute(sql).status(); });
  }
  std::int64_t NotesIn(std::string_view workspace) {
    std::int64_t count = -1;
    EXPECT_TRUE(db_->Read([&](sql::Reader& reader) -> Status {
                     MARU_ASSIGN_OR_RETURN(count, notes_.Count(reader, workspace));
                     return OkStatus();
                   })
                    .ok());
    return count;
  }

  sql::TempFolder folder_;
  Notes notes_;
  std::unique_ptr<sql::Database> db_;
  std::unique_ptr<events::EventLog> events_;
  std::unique_ptr<WorkspaceService> workspaces_;
  const Caller admin_{.principal = "ada"};
};

TEST_F(WorkspaceServiceTest, HasADefaultFromTheStart) {
  EXPECT_TRUE(workspaces_->Exists("default"));
  EXPECT_EQ(workspaces_->Choose("").value(), "default");
  EXPECT_EQ(workspaces_->Choose(" default ").value(), "default");
  EXPECT_TRUE(absl::IsInvalidArgument(workspaces_->Create(admin_, {.name = "default"}).status()));
  EXPECT_TRUE(absl::IsInvalidArgument(workspaces_->Delete(admin_, "default", Deletion::kCascade)));
}

TEST_F(WorkspaceServiceTest, CreatesUpdatesAndRemembers) {
  ASSERT_TRUE(
      workspaces_->Create(admin_, {.name = "team-a", .description = "A", .default_artifact_root = " s3://a/b "}).ok());
  EXPECT_TRUE(absl::IsAlreadyExists(workspaces_->Create(admin_, {.name = "team-a"}).status()));
  Reopen();
  EXPECT_EQ(workspaces_->Choose("team-a").value(), "team-a");
  EXPECT_EQ(workspaces_->Get("team-a")->default_artifact_root, "s3://a/b");
  const auto updated = workspaces_->Update(admin_, {.name = "team-a", .default_artifact_root = ""});
  ASSERT_TRUE(updated.ok()) << updated.status();
  EXPECT_EQ(updated->description, "A");
  EXPECT_EQ(updated->default_artifact_root, std::nullopt);
  EXPECT_TRUE(absl::IsNotFound(workspaces_->Update(admin_, {.name = "team-b"}).status()));

  std::vector<std::string> names;
  const std::vector<Workspace> all = workspaces_->List().value();
  for (const Workspace& workspace : all) names.push_back(workspace.name);
  EXPECT_THAT(names, ElementsAre("default", "team-a"));
  const Status unknown = workspaces_->Choose("team-b").status();
  EXPECT_TRUE(absl::IsNotFound(unknown));
  EXPECT_EQ(unknown.message(), "Workspace 'team-b' not found");
}

TEST_F(WorkspaceServiceTest, DeletesAsTold) {
  for (const char* name : {"keep", "cascade", "move"}) {
    ASSERT_TRUE(workspaces_->Create(admin_, {.name = name}).ok());
    ASSERT_TRUE(Run(fmt::format("INSERT INTO notes VALUES ('{}', 'x')", name)).ok());
  }
  const Status refused = workspaces_->Delete(admin_, "keep", Deletion::kRestrict);
  EXPECT_TRUE(absl::IsFailedPrecondition(refused));
  EXPECT_THAT(std::string(refused.message()), HasSubstr("still contains 1 notes"));
  EXPECT_TRUE(workspaces_->Exists("keep"));

  EXPECT_EQ(workspaces_->Delete(admin_, "cascade", Deletion::kCascade), OkStatus());
  EXPECT_EQ(NotesIn("cascade"), 0);
  EXPECT_FALSE(workspaces_->Exists("cascade"));
  EXPECT_EQ(workspaces_->Delete(admin_, "move", Deletion::kSetDefault), OkStatus());
  EXPECT_EQ(NotesIn("default"), 1);
  EXPECT_TRUE(absl::IsNotFound(workspaces_->Delete(admin_, "move", Deletion::kRestrict)));
}

TEST(WorkspaceSettingsTest, ChecksNames) {
  for (const char* name : {"ab", "team-1", "0a"}) EXPECT_EQ(CheckWorkspaceName(name), OkStatus()) << name;
  for (const char* name : {"", "a", "Team", "-ab", "ab-", "a_b", "a b", "api", "workspaces"}) {
    EXPECT_TRUE(absl::IsInvalidArgument(CheckWorkspaceName(name))) << name;
  }
  EXPECT_FALSE(CheckWorkspaceName(std::string(64, 'a')).ok());
}

TEST(WorkspaceSettingsTest, ChecksSettings) {
  for (const char* root : {"s3://b/p", "mlflow-artifacts:/p", "/data/artifacts", ""}) {
    Workspace workspace{.name = "ab", .default_artifact_root = root};
    EXPECT_EQ(SettleSettings(workspace), OkStatus()) << root;
  }
  for (const char* root : {"relative", "C:team", "s3://b/p#x", "runs:/a"}) {
    Workspace workspace{.name = "ab", .default_artifact_root = root};
    EXPECT_TRUE(absl::IsInvalidArgument(SettleSettings(workspace))) << root;
  }
  for (const char* retention : {"30", "d", "30y", "-1d"}) {
    Workspace workspace{.name = "ab", .trace_archival_retention = retention};
    EXPECT_TRUE(absl::IsInvalidArgument(SettleSettings(workspace))) << retention;
  }
}

}  // namespace
}  // namespace maru::workspaces
