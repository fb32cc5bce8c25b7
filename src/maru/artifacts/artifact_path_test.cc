#include "maru/artifacts/artifact_path.h"

#include <gtest/gtest.h>

namespace maru::artifacts {
namespace {

using std::string_literals::operator""s;

TEST(CleanPathTest, KeepsPlainPaths) {
  for (const char* path :
       {"", "model.pkl", "a/b/c.txt", "100%", "50%41.txt", "plots/손실.png", "a..b/.hidden", "a:b/c"}) {
    const auto clean = CleanPath(path);
    ASSERT_TRUE(clean.ok()) << path;
    EXPECT_EQ(*clean, path);
  }
  EXPECT_EQ(*CleanPath("a/b/"), "a/b");
}

TEST(CleanPathTest, RefusesWhatLeadsElsewhere) {
  for (const std::string& path :
       {"../x"s, "a/../../x"s, ".."s, "/etc/passwd"s, "//etc"s, "/"s, "a//b"s, "./a"s, "a\\..\\b"s, "a\0b"s, "a\nb"s,
        "a#b"s, "file:///etc/passwd"s, "C:/x"s, "C:\\x"s, "c:"s,
        // encoded once more, twice more, and mixed
        "%2e%2e/x"s, "%2E%2E%2Fx"s, "..%2Fx"s, "a/%2e%2e/b"s, "%2Fetc/passwd"s, "%5c..%5cx"s, "a%00b"s, "a%2500.txt"s,
        "%252e%252e/x"s, "%25252e%25252e%25252fx"s, ".%2e/x"s, "%2e./x"s, "a%23b"s, "file%3a///etc/passwd"s}) {
    const auto clean = CleanPath(path);
    EXPECT_EQ(clean.status().code(), absl::StatusCode::kInvalidArgument) << path;
  }
  std::string deep = "%2e%2e/x";  // encoded more often than anybody means
  for (int i = 0; i < 20; ++i) deep.replace(deep.find('%'), 1, "%25");
  EXPECT_FALSE(CleanPath(deep).ok());
}

TEST(ProxiedPathTest, ReadsEveryFormOfRoot) {
  EXPECT_EQ(ProxiedPath("mlflow-artifacts:/1/run/artifacts"), "1/run/artifacts");
  EXPECT_EQ(ProxiedPath("mlflow-artifacts:///1/run"), "1/run");
  EXPECT_EQ(ProxiedPath("mlflow-artifacts://host:5000/1/run/"), "1/run");
  EXPECT_EQ(ProxiedPath("mlflow-artifacts:/"), "");
  EXPECT_EQ(ProxiedPath("mlflow-artifacts://host"), "");
  EXPECT_EQ(ProxiedPath("http://h:1/prefix/api/2.0/mlflow-artifacts/artifacts/1/run"), "1/run");
  EXPECT_EQ(ProxiedPath("https://h/elsewhere"), std::nullopt);
  EXPECT_EQ(ProxiedPath("s3://bucket/1"), std::nullopt);
  EXPECT_EQ(ProxiedPath("/local"), std::nullopt);
}

TEST(WorkspaceKeyTest, KeepsWorkspacesApart) {
  EXPECT_EQ(*WorkspaceKey("default", "1/run"), "1/run");
  EXPECT_EQ(*WorkspaceKey("default", "workspaces/default/1"), "workspaces/default/1");
  EXPECT_EQ(*WorkspaceKey("team", "1/run"), "workspaces/team/1/run");
  EXPECT_EQ(*WorkspaceKey("team", "workspaces/team/1"), "workspaces/team/1");
  EXPECT_EQ(*WorkspaceKey("team", ""), "workspaces/team");
  EXPECT_FALSE(WorkspaceKey("default", "workspaces/team/1").ok());
  EXPECT_FALSE(WorkspaceKey("team", "workspaces/other/1").ok());
  EXPECT_FALSE(WorkspaceKey("team", "workspaces").ok());
  EXPECT_FALSE(WorkspaceKey("default", "workspaces").ok());
}

}  // namespace
}  // namespace maru::artifacts
