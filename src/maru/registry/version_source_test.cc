#include "maru/registry/version_source.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace maru::registry {
namespace {

// One run and one logged model, whose artifacts lie where the test says.
class OneOfEach : public ModelOrigins {
 public:
  Result<Origin> Run(const Caller&, std::string_view id) override {
    if (id == "remote") return Origin{"mlflow-artifacts:/1/remote/artifacts", ""};
    if (id == "local") return Origin{"file:///data/1/local/artifacts", ""};
    return NotFound("no run");
  }
  Result<Origin> LoggedModel(const Caller&, std::string_view id) override {
    if (id == "m-1") return Origin{"mlflow-artifacts:/1/models/m-1/artifacts", "remote"};
    return NotFound("no model");
  }
  Status NoteRegistered(const Caller&, std::string_view, std::string_view, std::int64_t) override { return OkStatus(); }
};

struct Case {
  const char* source;
  const char* run_id;
  const char* model_id;
  const char* refusal;  // part of the message; null when accepted
};

constexpr char kNotTheRuns[] = "The run_id request parameter must identify the resource that contains the source.";
constexpr char kNotTheModels[] = "The model_id request parameter must identify the resource that contains the source.";
constexpr char kRelative[] = "without relative path references present";
constexpr char kLocal[] = "To use a local path as a model version source, the run_id request parameter has to be";

constexpr Case kCases[] = {
    {"s3://bucket/path", "", "", nullptr},
    {"s3://bucket/a/../b", "", "", kRelative},
    {"s3://bucket/a/%252e%252e/b", "", "", kRelative},
    {"dbfs:relative", "", "", kRelative},
    {"mlflow-artifacts:/1/remote/artifacts/model", "remote", "", nullptr},
    {"mlflow-artifacts:/1/remote/artifacts", "remote", "", nullptr},
    {"mlflow-artifacts:/1/remote/artifacts-of-others", "remote", "", kNotTheRuns},
    {"mlflow-artifacts:/1/other/artifacts/model", "remote", "", kNotTheRuns},
    {"mlflow-artifacts://host/1/remote/artifacts/model", "remote", "", kNotTheRuns},
    {"mlflow-artifacts:/1/remote/artifacts/model", "", "", kNotTheRuns},
    {"mlflow-artifacts:/1/remote/artifacts/model", "gone", "", kNotTheRuns},
    {"mlflow-artifacts:/1/remote/artifacts/../../x", "remote", "", kRelative},
    {"http://h/api/2.0/mlflow-artifacts/artifacts/1/x", "remote", "", kNotTheRuns},
    {"http://elsewhere/model", "", "", nullptr},
    {"mlflow-artifacts:/1/models/m-1/artifacts", "", "m-1", nullptr},
    {"mlflow-artifacts:/1/models/m-2/artifacts", "", "m-1", kNotTheModels},
    {"models:/m-1", "", "m-1", nullptr},
    {"models:/m-1", "", "", kNotTheModels},
    {"models:/m-2", "", "m-1", kNotTheModels},
    {"models:/a/b/c", "", "", kNotTheModels},
    {"runs:/remote/model", "remote", "", nullptr},
    {"runs:/remote/model", "other", "", kNotTheRuns},
    {"runs:/remote/model", "", "", kNotTheRuns},
    {"/etc", "", "", kLocal},
    {"/etc", "local", "", kLocal},
    {"file:///etc", "remote", "", kLocal},
    {"relative/path", "local", "", kLocal},
    {"/data/1/local/artifacts/model", "local", "", nullptr},
    {"file:///data/1/local/artifacts/model", "local", "", nullptr},
    {"/data/1/local/artifacts/../../../../etc", "local", "", kLocal},
    {"/data/1/local/artifacts/%2e%2e/%2e%2e/x", "local", "", kLocal},
    {"/data/1/local/artifacts/model", "remote", "", kLocal},
};

TEST(VersionSourceTest, JudgesSources) {
  OneOfEach origins;
  for (const Case& c : kCases) {
    const Status status = CheckVersionSource(Caller{}, origins, c.source, c.run_id, c.model_id);
    if (c.refusal == nullptr) {
      EXPECT_EQ(status, OkStatus()) << c.source;
    } else {
      EXPECT_TRUE(absl::IsInvalidArgument(status)) << c.source << ": " << status;
      EXPECT_THAT(std::string(status.message()), testing::HasSubstr(c.refusal)) << c.source;
    }
  }
}

TEST(VersionSourceTest, ReadsModelAddresses) {
  EXPECT_EQ(ParseModelAddress("models:/churn/3")->version, "3");
  EXPECT_EQ(ParseModelAddress("models:/churn/Production")->stage, "Production");
  EXPECT_EQ(ParseModelAddress("models:/churn/Latest")->stage, "");
  EXPECT_EQ(ParseModelAddress("models:/churn@champion")->alias, "champion");
  EXPECT_EQ(ParseModelAddress("models:/a@b@champion")->name, "a@b");
  EXPECT_EQ(ParseModelAddress("models:/m-123")->logged_model_id, "m-123");
  for (const char* address : {"models:/", "models://churn/3", "models:/a/b/c", "models:/ /3", "models:/a/", "runs:/a/b",
                              "models:churn/3", "models:/a@"}) {
    EXPECT_TRUE(absl::IsInvalidArgument(ParseModelAddress(address).status())) << address;
  }
}

TEST(VersionSourceTest, PromptsHaveNoSource) {
  EXPECT_EQ(CheckPromptSource("dummy-source"), OkStatus());
  EXPECT_TRUE(absl::IsInvalidArgument(CheckPromptSource("s3://bucket/path")));
}

}  // namespace
}  // namespace maru::registry
