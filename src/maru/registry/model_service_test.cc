#include "maru/registry/model_service.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "maru/sql/test_database.h"

namespace maru::registry {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;
using testing::UnorderedElementsAre;

// A clock that the test moves.
class TestClock : public Clock {
 public:
  std::int64_t NowMs() const override { return now_ms; }
  std::int64_t MonotonicNs() const override { return now_ms * 1'000'000; }
  std::int64_t now_ms = 1'000;
};

class FakeOrigins : public ModelOrigins {
 public:
  Result<Origin> Run(const Caller&, std::string_view) override { return NotFound("no run"); }
  Result<Origin> LoggedModel(const Caller&, std::string_view id) override {
    if (id == "m-1") return Origin{"mlflow-artifacts:/1/models/m-1/artifacts", "run1"};
    return NotFound("no model");
  }
  Status NoteRegistered(const Caller&, std::string_view id, std::string_view name, std::int64_t version) override {
    noted.push_back(fmt::format("{} {} {}", id, name, version));
    return OkStatus();
  }
  std::vector<std::string> noted;
};

class ModelServiceTest : public testing::Test {
 protected:
  void SetUp() override {
    db_ = *sql::Open("sqlite:" + folder_ / "db");
    events_ = *events::EventLog::Open(*db_, &clock_);
    auto service = ModelService::Open(*db_, *events_, origins_, &clock_);
    ASSERT_TRUE(service.ok()) << service.status();
    models_ = *std::move(service);
  }

  void Create(const std::string& name, Tags tags = {}) {
    const auto made = models_->CreateModel(ada_, {.name = name, .tags = std::move(tags)});
    ASSERT_TRUE(made.ok()) << made.status();
  }
  std::int64_t AddVersion(const std::string& name, Tags tags = {}, const std::string& source = "s3://bucket/m") {
    const auto made = models_->CreateVersion(ada_, {.name = name, .source = source, .tags = std::move(tags)});
    EXPECT_TRUE(made.ok()) << made.status();
    return made.ok() ? made->version : 0;
  }
  std::vector<std::string> Found(const std::string& filter, std::vector<std::string> order_by = {}) {
    const auto page = models_->SearchModels(ada_, {.filter = filter, .order_by = std::move(order_by)});
    EXPECT_TRUE(page.ok()) << page.status();
    std::vector<std::string> names;
    if (page.ok()) {
      for (const RegisteredModel& model : page->items) names.push_back(model.name);
    }
    return names;
  }
  std::vector<std::string> FoundVersions(const std::string& filter, std::vector<std::string> order_by = {}) {
    const auto page = models_->SearchVersions(ada_, {.filter = filter, .order_by = std::move(order_by)});
    EXPECT_TRUE(page.ok()) << page.status();
    std::vector<std::string> names;
    if (page.ok()) {
      for (const ModelVersion& v : page->items) names.push_back(fmt::format("{}/{}", v.name, v.version));
    }
    return names;
  }
  // "type subject payload" of the events since the last call.
  std::vector<std::string> News() {
    std::vector<std::string> news;
    const auto read = events_->Read(read_to_, 100);
    EXPECT_TRUE(read.ok()) << read.status();
    for (const events::Event& event : *read) {
      news.push_back(event.type + " " + event.subject + " " + event.payload);
      read_to_ = event.id;
    }
    return news;
  }

  sql::TempFolder folder_;
  TestClock clock_;
  FakeOrigins origins_;
  std::unique_ptr<sql::Database> db_;
  std::unique_ptr<events::EventLog> events_;
  std::unique_ptr<ModelService> models_;
  const Caller ada_{.principal = "ada"};
  std::int64_t read_to_ = 0;
};

TEST_F(ModelServiceTest, CreatesAndReadsBackAModel) {
  const auto made =
      models_->CreateModel(ada_, {.name = "churn", .tags = {{"team", "growth"}}, .description = "who leaves"});
  ASSERT_TRUE(made.ok()) << made.status();
  const auto read = models_->GetModel(ada_, "churn");
  ASSERT_TRUE(read.ok());
  EXPECT_EQ(read->description, "who leaves");
  EXPECT_EQ(read->created_ms, 1'000);
  EXPECT_THAT(read->tags, ElementsAre(Pair("team", "growth")));
  EXPECT_THAT(News(), ElementsAre("registered_model.created model/churn "
                                  R"({"name":"churn","tags":{"team":"growth"},"description":"who leaves"})"));

  const auto again = models_->CreateModel(ada_, {.name = "churn"});
  EXPECT_TRUE(absl::IsAlreadyExists(again.status()));
  EXPECT_EQ(again.status().message(), "Registered Model (name=churn) already exists.");
  const auto prompt = models_->CreateModel(ada_, {.name = "churn", .tags = {{kIsPromptTag, "true"}}});
  EXPECT_THAT(std::string(prompt.status().message()), HasSubstr("the name is already taken by a registered model"));
  EXPECT_THAT(News(), IsEmpty());
}

TEST_F(ModelServiceTest, KeepsWorkspacesApart) {
  Create("churn");
  const Caller bob{.principal = "bob", .workspace = "other"};
  EXPECT_TRUE(absl::IsNotFound(models_->GetModel(bob, "churn").status()));
  EXPECT_TRUE(models_->CreateModel(bob, {.name = "churn"}).ok());
  EXPECT_TRUE(absl::IsNotFound(models_->DeleteVersion(bob, "churn", 1)));
  EXPECT_EQ(models_->SearchModels(bob, {})->items.size(), 1u);
  EXPECT_THAT(Found(""), ElementsAre("churn"));
}

TEST_F(ModelServiceTest, RenamesWithEverythingOnIt) {
  Create("old", {{"k", "v"}});
  AddVersion("old", {{"a", "b"}});
  ASSERT_EQ(models_->SetAlias(ada_, "old", "champion", 1), OkStatus());
  Create("taken");
  EXPECT_TRUE(absl::IsAlreadyExists(models_->RenameModel(ada_, "old", "taken").status()));
  clock_.now_ms = 2'000;
  ASSERT_TRUE(models_->RenameModel(ada_, "old", "new").ok());
  EXPECT_TRUE(absl::IsNotFound(models_->GetModel(ada_, "old").status()));
  const auto version = models_->GetVersionByAlias(ada_, "new", "champion");
  ASSERT_TRUE(version.ok());
  EXPECT_EQ(version->name, "new");
  EXPECT_EQ(version->updated_ms, 2'000);
  EXPECT_THAT(version->tags, ElementsAre(Pair("a", "b")));
  EXPECT_THAT(News().back(), HasSubstr(R"(registered_model.renamed model/old {"name":"old","new_name":"new"})"));
}

TEST_F(ModelServiceTest, DeletesAModelWhole) {
  Create("churn");
  AddVersion("churn");
  ASSERT_EQ(models_->SetAlias(ada_, "churn", "champion", 1), OkStatus());
  ASSERT_EQ(models_->DeleteModel(ada_, "churn"), OkStatus());
  EXPECT_EQ(models_->DeleteModel(ada_, "churn").message(), "Registered Model with name=churn not found");
  EXPECT_THAT(FoundVersions(""), IsEmpty());
  Create("churn");
  EXPECT_THAT(models_->GetModel(ada_, "churn")->aliases, IsEmpty());
}

TEST_F(ModelServiceTest, NumbersVersionsOnce) {
  Create("churn");
  EXPECT_EQ(AddVersion("churn"), 1);
  EXPECT_EQ(AddVersion("churn"), 2);
  ASSERT_EQ(models_->DeleteVersion(ada_, "churn", 2), OkStatus());
  EXPECT_EQ(AddVersion("churn"), 3);
  const Status gone = models_->GetVersion(ada_, "churn", 2).status();
  EXPECT_EQ(gone.message(), "Model Version (name=churn, version=2) not found");
  EXPECT_TRUE(absl::IsNotFound(models_->CreateVersion(ada_, {.name = "nobody", .source = "s3://b/m"}).status()));
}

TEST_F(ModelServiceTest, FollowsSources) {
  Create("churn");
  Create("copy");
  const auto made = models_->CreateVersion(ada_, {.name = "churn", .source = "models:/m-1", .logged_model_id = "m-1"});
  ASSERT_TRUE(made.ok()) << made.status();
  EXPECT_EQ(made->storage_location, "mlflow-artifacts:/1/models/m-1/artifacts");
  EXPECT_EQ(made->run_id, "run1");
  EXPECT_THAT(origins_.noted, ElementsAre("m-1 churn 1"));

  ASSERT_EQ(models_->SetAlias(ada_, "churn", "champion", 1), OkStatus());
  const auto copy = models_->CreateVersion(ada_, {.name = "copy", .source = "models:/churn@champion"});
  ASSERT_TRUE(copy.ok()) << copy.status();
  EXPECT_EQ(copy->source, "models:/churn/1");
  EXPECT_EQ(copy->storage_location, made->storage_location);
  EXPECT_EQ(copy->run_id, "run1");

  const auto lying = models_->CreateVersion(ada_, {.name = "copy", .source = "models:/churn/1", .run_id = "another"});
  EXPECT_THAT(std::string(lying.status().message()), HasSubstr("must match the referenced model version"));
  EXPECT_TRUE(absl::IsNotFound(models_->CreateVersion(ada_, {.name = "copy", .source = "models:/churn/9"}).status()));
}

TEST_F(ModelServiceTest, MovesAliases) {
  Create("churn");
  AddVersion("churn");
  AddVersion("churn");
  News();
  ASSERT_EQ(models_->SetAlias(ada_, "churn", "champion", 1), OkStatus());
  EXPECT_THAT(News(), ElementsAre("model_version_alias.created model/churn/1 "
                                  R"({"name":"churn","alias":"champion","version":"1"})"));
  EXPECT_TRUE(absl::IsAborted(models_->SetAlias(ada_, "churn", "champion", 2, 2)));
  EXPECT_TRUE(absl::IsAborted(models_->SetAlias(ada_, "churn", "champion", 2, 0)));
  EXPECT_EQ(models_->GetVersionByAlias(ada_, "churn", "champion")->version, 1);
  EXPECT_THAT(News(), IsEmpty());
  EXPECT_EQ(models_->SetAlias(ada_, "churn", "champion", 2, 1), OkStatus());
  EXPECT_EQ(models_->SetAlias(ada_, "churn", "challenger", 1, 0), OkStatus());
  EXPECT_THAT(models_->GetVersion(ada_, "churn", 2)->aliases, ElementsAre("champion"));
  EXPECT_EQ(models_->GetVersionByAlias(ada_, "churn", "LATEST")->version, 2);
  EXPECT_TRUE(absl::IsNotFound(models_->SetAlias(ada_, "churn", "x", 9)));

  News();
  ASSERT_EQ(models_->DeleteAlias(ada_, "churn", "champion"), OkStatus());
  ASSERT_EQ(models_->DeleteAlias(ada_, "churn", "champion"), OkStatus());
  EXPECT_THAT(News(), ElementsAre(R"(model_version_alias.deleted model/churn {"name":"churn","alias":"champion"})"));
  const Status gone = models_->GetVersionByAlias(ada_, "churn", "champion").status();
  EXPECT_TRUE(absl::IsInvalidArgument(gone));
  EXPECT_EQ(gone.message(), "Registered model alias champion not found.");

  ASSERT_EQ(models_->DeleteVersion(ada_, "churn", 1), OkStatus());
  EXPECT_THAT(models_->GetModel(ada_, "churn")->aliases, IsEmpty());
}

TEST_F(ModelServiceTest, MovesThroughStages) {
  Create("churn");
  for (int i = 0; i < 3; ++i) AddVersion("churn");
  ASSERT_TRUE(models_->TransitionStage(ada_, "churn", 1, "production", false).ok());
  ASSERT_TRUE(models_->TransitionStage(ada_, "churn", 2, "Production", true).ok());
  EXPECT_EQ(models_->GetVersion(ada_, "churn", 1)->stage, "Archived");
  const auto latest = models_->LatestVersions(ada_, "churn", {"Production", "none"});
  ASSERT_TRUE(latest.ok());
  EXPECT_EQ(latest->size(), 2u);
  EXPECT_EQ(models_->LatestVersions(ada_, "churn", {})->size(), 3u);
  EXPECT_EQ(models_->Resolve(ada_, "models:/churn/Production")->version, 2);
  EXPECT_EQ(models_->Resolve(ada_, "models:/churn/latest")->version, 3);
  EXPECT_TRUE(absl::IsNotFound(models_->Resolve(ada_, "models:/churn/staging").status()));
  EXPECT_TRUE(absl::IsInvalidArgument(models_->TransitionStage(ada_, "churn", 1, "None", true).status()));
  EXPECT_TRUE(absl::IsInvalidArgument(models_->TransitionStage(ada_, "churn", 1, "prod", false).status()));
}

TEST_F(ModelServiceTest, SetsAndDeletesTags) {
  Create("churn");
  AddVersion("churn");
  ASSERT_EQ(models_->SetModelTag(ada_, "churn", "k", "1"), OkStatus());
  ASSERT_EQ(models_->SetModelTag(ada_, "churn", "k", "2"), OkStatus());
  ASSERT_EQ(models_->SetVersionTag(ada_, "churn", 1, "v", "x"), OkStatus());
  EXPECT_THAT(models_->GetModel(ada_, "churn")->tags, ElementsAre(Pair("k", "2")));
  EXPECT_THAT(models_->GetVersion(ada_, "churn", 1)->tags, ElementsAre(Pair("v", "x")));
  EXPECT_THAT(News().back(),
              HasSubstr(R"(model_version_tag.set model/churn/1 {"name":"churn","version":"1","key":"v")"));
  ASSERT_EQ(models_->DeleteModelTag(ada_, "churn", "k"), OkStatus());
  ASSERT_EQ(models_->DeleteModelTag(ada_, "churn", "k"), OkStatus());
  ASSERT_EQ(models_->DeleteVersionTag(ada_, "churn", 1, "v"), OkStatus());
  EXPECT_THAT(models_->GetModel(ada_, "churn")->tags, IsEmpty());
  EXPECT_THAT(News(), ElementsAre(HasSubstr("registered_model_tag.deleted"), HasSubstr("model_version_tag.deleted")));
}

TEST_F(ModelServiceTest, TellsPromptsFromModels) {
  Create("greeting", {{kIsPromptTag, "true"}, {"lang", "en"}});
  Create("churn", {{"lang", "en"}});
  AddVersion("greeting", {{kIsPromptTag, "true"}, {kPromptTextTag, "Hello {{name}}"}}, "dummy-source");
  AddVersion("churn");
  EXPECT_THAT(News(),
              ElementsAre(R"(prompt.created model/greeting {"name":"greeting","tags":{"lang":"en"},"description":""})",
                          HasSubstr("registered_model.created model/churn "),
                          R"(prompt_version.created model/greeting/1 {"name":"greeting","version":"1",)"
                          R"("template":"Hello {{name}}","tags":{},"description":null})",
                          R"(model_version.created model/churn/1 {"name":"churn","version":"1",)"
                          R"("source":"s3://bucket/m","run_id":null,"tags":{},"description":null})"));
  EXPECT_THAT(Found(""), ElementsAre("churn"));
  EXPECT_THAT(Found("tags.lang = 'en'"), ElementsAre("churn"));
  EXPECT_THAT(Found("tags.`mlflow.prompt.is_prompt` != 'true'"), ElementsAre("churn"));
  EXPECT_THAT(Found("tags.`mlflow.prompt.is_prompt` = 'true'"), ElementsAre("greeting"));
  EXPECT_THAT(Found("name ILIKE 'GREET%' AND tag.`mlflow.prompt.is_prompt` = 'true'"), ElementsAre("greeting"));
  EXPECT_THAT(FoundVersions(""), ElementsAre("churn/1"));
  EXPECT_THAT(FoundVersions("tags.`mlflow.prompt.is_prompt` = 'true'"), ElementsAre("greeting/1"));
  EXPECT_TRUE(absl::IsInvalidArgument(
      models_->CreateVersion(ada_, {.name = "greeting", .source = "/etc", .tags = {{kIsPromptTag, "true"}}}).status()));
  EXPECT_TRUE(absl::IsInvalidArgument(
      models_->CreateVersion(ada_, {.name = "churn", .source = "models:/greeting/1"}).status()));
  ASSERT_EQ(models_->SetAlias(ada_, "greeting", "prod", 1), OkStatus());
  EXPECT_THAT(News(), ElementsAre(HasSubstr("prompt_alias.created model/greeting/1")));
}

TEST_F(ModelServiceTest, FindsModels) {
  Create("Alpha", {{"team", "growth"}});
  clock_.now_ms = 2'000;
  Create("alphabet", {{"team", "Growth"}, {"tier", "1"}});
  clock_.now_ms = 3'000;
  Create("100%_\\x");
  EXPECT_THAT(Found("name = 'Alpha'"), ElementsAre("Alpha"));
  EXPECT_THAT(Found("name != 'Alpha'"), UnorderedElementsAre("alphabet", "100%_\\x"));
  EXPECT_THAT(Found("name LIKE 'Alpha%'"), ElementsAre("Alpha"));
  EXPECT_THAT(Found("name ILIKE 'ALPHA%'"), UnorderedElementsAre("Alpha", "alphabet"));
  EXPECT_THAT(Found("name LIKE '%\\x'"), ElementsAre("100%_\\x"));
  EXPECT_THAT(Found("name IN ('Alpha', 'nobody')"), ElementsAre("Alpha"));
  EXPECT_THAT(Found("tags.team = 'growth'"), ElementsAre("Alpha"));
  EXPECT_THAT(Found("tags.team ILIKE 'growth' AND tags.tier = '1'"), ElementsAre("alphabet"));
  EXPECT_THAT(Found("tags.team != 'growth'"), ElementsAre("alphabet"));
  EXPECT_THAT(Found("", {"last_updated_timestamp DESC"}), ElementsAre("100%_\\x", "alphabet", "Alpha"));
  EXPECT_THAT(Found("", {"name DESC"}), ElementsAre("alphabet", "Alpha", "100%_\\x"));
  EXPECT_TRUE(absl::IsInvalidArgument(models_->SearchModels(ada_, {.filter = "run_id = 'x'"}).status()));
  EXPECT_TRUE(absl::IsInvalidArgument(models_->SearchModels(ada_, {.order_by = {"name", "name DESC"}}).status()));
  EXPECT_TRUE(absl::IsInvalidArgument(models_->SearchModels(ada_, {.max_results = 1'001}).status()));
}

TEST_F(ModelServiceTest, FindsVersions) {
  Create("a");
  Create("b");
  for (int i = 0; i < 3; ++i) AddVersion("a", {{"n", std::to_string(i)}}, "s3://bucket/" + std::to_string(i));
  clock_.now_ms = 2'000;
  AddVersion("b");
  EXPECT_THAT(FoundVersions(""), ElementsAre("b/1", "a/3", "a/2", "a/1"));
  EXPECT_THAT(FoundVersions("name = 'a' AND version_number >= 2", {"version_number"}), ElementsAre("a/2", "a/3"));
  EXPECT_THAT(FoundVersions("tags.n = '0'"), ElementsAre("a/1"));
  EXPECT_THAT(FoundVersions("source_path LIKE '%/2'"), ElementsAre("a/3"));
  EXPECT_THAT(FoundVersions("name IN ('b')"), ElementsAre("b/1"));
  EXPECT_THAT(FoundVersions("run_id = 'x'"), IsEmpty());
}

TEST_F(ModelServiceTest, LeavesAWorkspace) {
  const Caller bob{.principal = "bob", .workspace = "other"};
  for (const char* name : {"a", "b"}) ASSERT_TRUE(models_->CreateModel(bob, {.name = name}).ok());
  Create("b");
  const auto count = [&](std::string_view workspace) {
    std::int64_t found = -1;
    EXPECT_EQ(db_->Read([&](sql::Reader& reader) -> Status {
      MARU_ASSIGN_OR_RETURN(found, models_->CountIn(reader, workspace));
      return OkStatus();
    }),
              OkStatus());
    return found;
  };
  const auto move = [&] {
    return db_->Write([&](sql::Writer& writer) { return models_->MoveAll(writer, ada_, "other", "default"); });
  };
  EXPECT_EQ(count("other"), 2);
  EXPECT_TRUE(absl::IsFailedPrecondition(move()));
  ASSERT_EQ(models_->DeleteModel(ada_, "b"), OkStatus());
  EXPECT_EQ(move(), OkStatus());
  EXPECT_EQ(count("other"), 0);
  EXPECT_THAT(Found(""), ElementsAre("a", "b"));
  News();
  EXPECT_EQ(db_->Write([&](sql::Writer& writer) { return models_->DeleteAllIn(writer, ada_, "default"); }), OkStatus());
  EXPECT_EQ(count("default"), 0);
  EXPECT_EQ(News().size(), 2u);
}

TEST_F(ModelServiceTest, PagesThroughAll) {
  for (int i = 0; i < 75; ++i) Create(fmt::format("m{:02}", i), {{"n", std::to_string(i)}});
  std::string token;
  int seen = 0, pages = 0;
  do {
    const auto page = models_->SearchModels(ada_, {.max_results = 40, .page_token = token});
    ASSERT_TRUE(page.ok()) << page.status();
    for (const RegisteredModel& model : page->items) {
      EXPECT_EQ(model.name, fmt::format("m{:02}", seen));
      EXPECT_EQ(model.tags.at("n"), std::to_string(seen));
      ++seen;
    }
    token = page->next_page_token;
    ++pages;
  } while (!token.empty());
  EXPECT_EQ(seen, 75);
  EXPECT_EQ(pages, 2);
  EXPECT_TRUE(absl::IsInvalidArgument(models_->SearchModels(ada_, {.page_token = "x!"}).status()));
}

}  // namespace
}  // namespace maru::registry
