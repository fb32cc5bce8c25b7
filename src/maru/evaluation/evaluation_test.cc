#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "maru/evaluation/canonical_json.h"
#include "maru/evaluation/dataset_service.h"
#include "maru/evaluation/scorer_service.h"
#include "maru/json/json.h"
#include "maru/sql/test_database.h"

namespace maru::evaluation {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;

// Experiments 0 to 9 exist.
class TenExperiments : public Experiments {
 public:
  Status CheckActive(const Caller&, std::string_view id) override {
    return id.size() == 1 ? OkStatus() : NotFound("No Experiment with id={}", id);
  }
};

class EvaluationTest : public testing::Test {
 protected:
  void SetUp() override {
    db_ = *sql::Open("sqlite:" + folder_ / "db");
    events_ = *events::EventLog::Open(*db_, Clock::System());
    auto scorers = ScorerService::Open(*db_, *events_, experiments_, Clock::System());
    ASSERT_TRUE(scorers.ok()) << scorers.status();
    scorers_ = *std::move(scorers);
    datasets_ = *DatasetService::Open(*db_, *events_, experiments_, Clock::System());
  }

  std::vector<std::string> Found(const DatasetSearch& search) {
    const auto page = datasets_->Search(ada_, search);
    EXPECT_TRUE(page.ok()) << page.status();
    std::vector<std::string> names;
    if (page.ok()) {
      for (const Dataset& dataset : page->datasets) names.push_back(dataset.name);
    }
    return names;
  }

  sql::TempFolder folder_;
  TenExperiments experiments_;
  std::unique_ptr<sql::Database> db_;
  std::unique_ptr<events::EventLog> events_;
  std::unique_ptr<ScorerService> scorers_;
  std::unique_ptr<DatasetService> datasets_;
  const Caller ada_{.principal = "ada"};
  const Caller other_{.principal = "bob", .workspace = "other"};
};

TEST_F(EvaluationTest, ScorersHaveVersions) {
  const auto first = scorers_->Register(ada_, "1", "tone", R"({"name":"tone"})");
  ASSERT_TRUE(first.ok()) << first.status();
  EXPECT_EQ(first->version, 1);
  const auto second = scorers_->Register(ada_, "1", "tone", R"({"name":"tone","v":2})");
  EXPECT_EQ(second->version, 2);
  EXPECT_EQ(second->scorer_id, first->scorer_id);
  ASSERT_TRUE(scorers_->Register(ada_, "2", "style", "{}").ok());

  EXPECT_EQ(scorers_->Get(ada_, "1", "tone", {})->version, 2);
  EXPECT_EQ(scorers_->Get(ada_, "1", "tone", 1)->definition, R"({"name":"tone"})");
  EXPECT_EQ(scorers_->Versions(ada_, "1", "tone")->size(), 2u);
  EXPECT_EQ(scorers_->List(ada_, {})->size(), 2u);
  EXPECT_EQ(scorers_->List(ada_, {"2"})->size(), 1u);
  EXPECT_EQ(scorers_->List(other_, {})->size(), 0u);

  EXPECT_EQ(scorers_->Delete(ada_, "1", "tone", 1), OkStatus());
  EXPECT_TRUE(absl::IsNotFound(scorers_->Get(ada_, "1", "tone", 1).status()));
  EXPECT_TRUE(absl::IsNotFound(scorers_->Delete(ada_, "1", "tone", 9)));
  EXPECT_EQ(scorers_->Delete(ada_, "1", "tone", {}), OkStatus());
  EXPECT_EQ(scorers_->Delete(ada_, "1", "tone", {}).message(), "Scorer with name 'tone' not found for experiment 1.");

  EXPECT_TRUE(absl::IsNotFound(scorers_->Register(ada_, "99", "tone", "{}").status()));
  EXPECT_TRUE(absl::IsInvalidArgument(scorers_->Register(ada_, "1", " ", "{}").status()));
  EXPECT_TRUE(absl::IsInvalidArgument(scorers_->Register(ada_, "1", "tone", "not json").status()));
}

TEST_F(EvaluationTest, RecordsAreKnownByTheirInputs) {
  const Dataset made = *datasets_->Create(ada_, "qa", {{"mlflow.user", "ada"}}, {"1"});
  EXPECT_EQ(made.created_by, "ada");
  EXPECT_EQ(made.schema, std::nullopt);
  const std::vector<NewRecord> records = {
      {.inputs = {R"({"q":"why","n":{"a":1,"b":2}})"}, .expectations = {{"answer", {R"("because")"}}}},
      {.inputs = {R"({"q":"when"})"},
       .outputs = json::Raw{R"("now")"},
       .source = json::Raw{R"({"source_type":"trace","source_data":{"trace_id":"tr-1"}})"}}};
  const auto counts = datasets_->Upsert(ada_, made.id, records);
  ASSERT_TRUE(counts.ok()) << counts.status();
  EXPECT_EQ(counts->inserted, 2);

  // The same inputs, spelled in another order.
  const auto again = datasets_->Upsert(ada_, made.id,
                                       {{.inputs = {R"({"n":{"b":2,"a":1},"q":"why"})"},
                                         .expectations = {{"tone", {R"("kind")"}}},
                                         .tags = {{"k", {"1"}}}}});
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(again->updated, 1);

  const auto page = datasets_->Records(ada_, made.id, 10, "");
  ASSERT_TRUE(page.ok()) << page.status();
  ASSERT_EQ(page->records.size(), 2u);
  EXPECT_EQ(page->records[0].expectations->text, R"({"answer":"because","tone":"kind"})");
  EXPECT_EQ(page->records[0].tags->text, R"({"k":1})");
  EXPECT_EQ(page->records[1].outputs->text, R"("now")");
  EXPECT_EQ(page->records[1].source_type, "TRACE");
  EXPECT_EQ(page->records[1].source_id, "tr-1");

  const Dataset after = *datasets_->Get(ada_, made.id);
  EXPECT_EQ(after.record_count, 2);
  EXPECT_NE(after.digest, "");
  EXPECT_EQ(after.schema, R"({"inputs":{"n":"object","q":"string"},"outputs":"string",)"
                          R"("expectations":{"answer":"string","tone":"string"},"version":"1.0"})");

  EXPECT_EQ(*datasets_->DeleteRecords(ada_, made.id, {page->records[0].id, "dr-nobody"}), 1);
  EXPECT_EQ(datasets_->Get(ada_, made.id)->record_count, 1);
  EXPECT_TRUE(absl::IsInvalidArgument(datasets_->Upsert(ada_, made.id, {{.inputs = {"[1]"}}}).status()));
  EXPECT_TRUE(absl::IsNotFound(datasets_->Upsert(other_, made.id, records).status()));
}

TEST_F(EvaluationTest, RecordsComeInPagesInTheirOrder) {
  const Dataset made = *datasets_->Create(ada_, "qa", {}, {});
  std::vector<NewRecord> records;
  for (int i = 0; i < 25; ++i) records.push_back({.inputs = {fmt::format(R"({{"i":{}}})", i)}});
  ASSERT_TRUE(datasets_->Upsert(ada_, made.id, records).ok());
  std::string token;
  int seen = 0;
  do {
    const auto page = datasets_->Records(ada_, made.id, 10, token);
    ASSERT_TRUE(page.ok()) << page.status();
    for (const Record& record : page->records) EXPECT_EQ(record.inputs.text, fmt::format(R"({{"i":{}}})", seen++));
    token = page->next_page_token;
  } while (!token.empty());
  EXPECT_EQ(seen, 25);
  EXPECT_TRUE(absl::IsInvalidArgument(datasets_->Records(ada_, made.id, 10, "x").status()));
}

TEST_F(EvaluationTest, FindsDatasets) {
  const Dataset a = *datasets_->Create(ada_, "alpha", {{"team", "x"}}, {"1"});
  const Dataset b = *datasets_->Create(ada_, "beta", {{"team", "y"}}, {"2"});
  EXPECT_THAT(Found({.experiment_ids = {"1"}}), ElementsAre("alpha"));
  EXPECT_THAT(Found({.filter = "name LIKE 'b%'"}), ElementsAre("beta"));
  EXPECT_THAT(Found({.filter = "tags.team = 'x'"}), ElementsAre("alpha"));
  EXPECT_THAT(Found({.order_by = {"name DESC"}}), ElementsAre("beta", "alpha"));
  EXPECT_THAT(Found({.order_by = {"name"}, .max_results = 1}), ElementsAre("alpha"));
  EXPECT_TRUE(absl::IsInvalidArgument(datasets_->Search(ada_, {.filter = "nonsense"}).status()));

  ASSERT_EQ(datasets_->SetTags(ada_, a.id, {{"team", "z"}, {"k", "v"}}), OkStatus());
  ASSERT_EQ(datasets_->DeleteTag(ada_, a.id, "k"), OkStatus());
  EXPECT_THAT(datasets_->Get(ada_, a.id)->tags, ElementsAre(Pair("team", "z")));
  ASSERT_TRUE(datasets_->AddToExperiments(ada_, a.id, {"2", "3"}).ok());
  EXPECT_THAT(*datasets_->ExperimentIds(ada_, a.id), ElementsAre("1", "2", "3"));
  EXPECT_TRUE(absl::IsNotFound(datasets_->AddToExperiments(ada_, a.id, {"99"}).status()));
  ASSERT_TRUE(datasets_->RemoveFromExperiments(ada_, a.id, {"1", "2"}).ok());
  EXPECT_THAT(*datasets_->ExperimentIds(ada_, a.id), ElementsAre("3"));

  ASSERT_EQ(datasets_->Delete(ada_, a.id), OkStatus());
  ASSERT_EQ(datasets_->Delete(ada_, a.id), OkStatus());
  EXPECT_TRUE(absl::IsNotFound(datasets_->Get(ada_, a.id).status()));
}

TEST(CanonicalJsonTest, SpellsEqualValuesAlike) {
  EXPECT_EQ(*CanonicalJson(R"({"b": [1, {"d": 2, "c": null}], "a": "x"})"), R"({"a":"x","b":[1,{"c":null,"d":2}]})");
  EXPECT_FALSE(CanonicalJson("{").ok());
  EXPECT_EQ(Sha256Hex("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

}  // namespace
}  // namespace maru::evaluation
