#include "maru/artifacts/artifact_service.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <map>

#include "maru/base/ids.h"

namespace maru::artifacts {
namespace {

namespace fs = std::filesystem;
using absl::StatusCode;
using testing::ElementsAre;
using testing::IsEmpty;

class Roots : public ArtifactRoots {
 public:
  Result<std::string> OfRun(const Caller&, std::string_view id) override { return Find(id); }
  Result<std::string> OfLoggedModel(const Caller&, std::string_view id) override { return Find(id); }
  Result<std::string> OfModelVersion(const Caller&, std::string_view name, std::string_view version) override {
    return Find(std::string(name) + "/" + std::string(version));
  }
  std::map<std::string, std::string, std::less<>> uris;

 private:
  Result<std::string> Find(std::string_view id) {
    const auto found = uris.find(id);
    if (found == uris.end()) return NotFound("no {}", id);
    return found->second;
  }
};

class ArtifactServiceTest : public testing::Test {
 protected:
  ArtifactServiceTest() : folder_(fs::temp_directory_path() / ("maru-artifacts-" + NewUuidHex())) {
    store_ = *object_store::Open(folder_.string());
    service_.emplace(*store_, roots_);
    roots_.uris["run"] = "mlflow-artifacts:/1/run/artifacts";
    team_.workspace = "team";
  }
  ~ArtifactServiceTest() override { fs::remove_all(folder_); }

  Status Put(const Tree& tree, std::string_view path, std::string_view text) {
    MARU_ASSIGN_OR_RETURN(const auto writer, service_->Create(tree, path));
    MARU_RETURN_IF_ERROR(writer->Write(text));
    return writer->Commit();
  }
  Result<std::string> Get(const Tree& tree, std::string_view path) {
    MARU_ASSIGN_OR_RETURN(const auto reader, service_->Open(tree, path));
    char buffer[100];
    MARU_ASSIGN_OR_RETURN(const std::size_t count, reader->Read(buffer));
    return std::string(buffer, count);
  }
  std::vector<std::string> Names(const Tree& tree, std::string_view path = "") {
    std::vector<std::string> names;
    const auto artifacts = service_->List(tree, path);
    for (const Artifact& artifact : *artifacts) {
      names.push_back(artifact.name + (artifact.is_folder ? "/" : ""));
    }
    return names;
  }

  const fs::path folder_;
  std::unique_ptr<object_store::ObjectStore> store_;
  Roots roots_;
  std::optional<ArtifactService> service_;
  Caller caller_, team_;
};

TEST_F(ArtifactServiceTest, ARunsArtifactsAreTheProxysToo) {
  const Tree run = *service_->OfRun(caller_, "run");
  ASSERT_TRUE(Put(run, "model/MLmodel", "flavors").ok());
  ASSERT_TRUE(Put(run, "plot.png", "png").ok());
  EXPECT_EQ(*Get(run, "model/MLmodel"), "flavors");
  EXPECT_THAT(Names(run), ElementsAre("model/", "plot.png"));
  EXPECT_THAT(Names(run, "model"), ElementsAre("MLmodel"));
  EXPECT_THAT(Names(run, "plot.png"), IsEmpty());
  const Tree proxy = *service_->OfWorkspace(caller_);
  EXPECT_EQ(*Get(proxy, "1/run/artifacts/model/MLmodel"), "flavors");
  EXPECT_THAT(Names(proxy, "1/run/artifacts/"), ElementsAre("model/", "plot.png"));
  EXPECT_TRUE(fs::exists(folder_ / "1/run/artifacts/plot.png"));
}

TEST_F(ArtifactServiceTest, SaysWhatIsMissing) {
  const Tree run = *service_->OfRun(caller_, "run");
  ASSERT_TRUE(Put(run, "dir/file", "x").ok());
  EXPECT_EQ(service_->Open(run, "nope").status().code(), StatusCode::kNotFound);
  EXPECT_EQ(service_->Open(run, "dir").status().code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(service_->Open(run, "").status().code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(service_->Open(run, "../other").status().code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(service_->OfRun(caller_, "other").status().code(), StatusCode::kNotFound);
}

TEST_F(ArtifactServiceTest, DeletesFilesAndFolders) {
  const Tree run = *service_->OfRun(caller_, "run");
  for (const char* path : {"a/1", "a/2", "ab", "b"}) ASSERT_TRUE(Put(run, path, "x").ok());
  EXPECT_TRUE(service_->Delete(run, "b").ok());
  EXPECT_TRUE(service_->Delete(run, "a/").ok());
  EXPECT_TRUE(service_->Delete(run, "nope").ok());
  EXPECT_FALSE(service_->Delete(run, "").ok()) << "never everything at once";
  EXPECT_THAT(Names(run), ElementsAre("ab"));
}

TEST_F(ArtifactServiceTest, WorkspacesDoNotSeeEachOther) {
  const Tree mine = *service_->OfWorkspace(caller_), theirs = *service_->OfWorkspace(team_);
  ASSERT_TRUE(Put(mine, "1/a", "mine").ok());
  ASSERT_TRUE(Put(theirs, "1/a", "theirs").ok());
  EXPECT_EQ(*Get(mine, "1/a"), "mine");
  EXPECT_EQ(*Get(theirs, "1/a"), "theirs");
  EXPECT_EQ(*Get(theirs, "workspaces/team/1/a"), "theirs");
  EXPECT_THAT(Names(mine), ElementsAre("1/"));
  EXPECT_EQ(Get(mine, "workspaces/team/1/a").status().code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(service_->List(mine, "workspaces").status().code(), StatusCode::kInvalidArgument);
  EXPECT_FALSE(service_->At(caller_, "mlflow-artifacts:/workspaces/team/1").ok());
  EXPECT_FALSE(service_->At(caller_, store_->uri() + "/workspaces/team/1").ok());
  EXPECT_FALSE(service_->At(team_, store_->uri() + "/1").ok());
  EXPECT_TRUE(service_->At(team_, store_->uri() + "/workspaces/team/1").ok());
}

TEST_F(ArtifactServiceTest, ServesItsOwnStoreByItsUriAndNothingElseOfTheMachine) {
  ASSERT_TRUE(Put(*service_->OfRun(caller_, "run"), "a", "x").ok());
  EXPECT_EQ(*Get(*service_->At(caller_, store_->uri() + "/1/run/artifacts"), "a"), "x");
  EXPECT_EQ(*Get(*service_->At(caller_, folder_.string() + "/1/run/artifacts/"), "a"), "x");
  for (const std::string& uri : {std::string("/etc"), std::string("file:///etc"), folder_.string() + "-sibling",
                                 std::string("gs://bucket/x"), std::string("relative"), std::string()}) {
    EXPECT_EQ(service_->At(caller_, uri).status().code(), StatusCode::kPermissionDenied) << uri;
  }
  EXPECT_FALSE(service_->At(caller_, store_->uri() + "/../x").ok());
  EXPECT_FALSE(service_->At(caller_, "mlflow-artifacts:/../x").ok());
}

}  // namespace
}  // namespace maru::artifacts
