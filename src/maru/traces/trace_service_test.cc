#include "maru/traces/trace_service.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <thread>

#include "maru/sql/test_database.h"
#include "maru/traces/keys.h"
#include "maru/traces/trace_metrics.h"

namespace maru::traces {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

// Experiments "1" and "2", a deleted one "9", and the run "run1", in the workspace "default".
class FixedExperiments final : public ExperimentSource {
 public:
  Result<Experiment> FindExperiment(const Caller& caller, std::string_view id) override {
    if (id != "1" && id != "2" && id != "9") return NotFound("No Experiment with id={} exists", id);
    if (caller.workspace != "default" && caller.workspace != "other")
      return NotFound("No Experiment with id={} exists", id);
    return Experiment{.artifact_location = fmt::format("mlflow-artifacts:/{}", id), .active = id != "9"};
  }
  Status CheckRun(const Caller&, std::string_view id) override {
    return id == "run1" ? OkStatus() : NotFound("Run with id={} not found", id);
  }
};

class TraceServiceTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto db = sql::Open("sqlite:" + folder_ / "db");
    ASSERT_TRUE(db.ok()) << db.status();
    db_ = *std::move(db);
    auto events = events::EventLog::Open(*db_, Clock::System());
    ASSERT_TRUE(events.ok()) << events.status();
    events_ = *std::move(events);
    auto service = TraceService::Open(*db_, *events_, experiments_, Clock::System());
    ASSERT_TRUE(service.ok()) << service.status();
    service_ = *std::move(service);
  }

  static TraceInfo Info(std::string id, std::int64_t time_ms = 1000, std::string state = "OK") {
    return {.trace_id = std::move(id),
            .experiment_id = "1",
            .request_time_ms = time_ms,
            .execution_ms = 5,
            .state = std::move(state)};
  }

  // trace `n`, span `id`, below `parent` (0: a root).
  static Span MakeSpan(int n, int id, int parent = 0, Attributes attributes = {}) {
    const auto hex = [](int v) { return fmt::format("{:016x}", v); };
    return {.trace_id = Id(n),
            .span_id = hex(id),
            .parent_span_id = parent == 0 ? "" : hex(parent),
            .name = fmt::format("span{}", id),
            .start_ns = 1'000'000'000 + id * 1'000'000,
            .end_ns = 1'100'000'000 + id * 1'000'000,
            .attributes = std::move(attributes)};
  }
  static std::string Id(int n) { return fmt::format("tr-{:032x}", n); }

  Status Log(std::vector<Span> spans, Attributes resource = {}) {
    return service_->LogSpans(caller_, "1", {.resources = {std::move(resource)}, .spans = std::move(spans)});
  }

  std::vector<std::string> Found(std::string filter, std::vector<std::string> order_by = {}) {
    const auto page =
        service_->Search(caller_, {.experiment_ids = {"1"}, .filter = filter, .order_by = std::move(order_by)});
    EXPECT_TRUE(page.ok()) << filter << ": " << page.status();
    std::vector<std::string> ids;
    if (page.ok()) {
      for (const TraceInfo& info : page->traces) ids.push_back(info.trace_id);
    }
    return ids;
  }

  std::vector<std::string> Events() {
    std::vector<std::string> types;
    const auto events = events_->Read(0, 1000);
    if (!events.ok()) return {std::string(events.status().message())};
    for (const auto& event : *events) types.push_back(event.type);
    return types;
  }

  sql::TempFolder folder_;
  std::unique_ptr<sql::Database> db_;
  std::unique_ptr<events::EventLog> events_;
  FixedExperiments experiments_;
  std::unique_ptr<TraceService> service_;
  const Caller caller_{};
  const Caller stranger_{.workspace = "other"};
};

TEST_F(TraceServiceTest, KeepsTheRecord) {
  TraceInfo info = Info("t1");
  info.client_request_id = "c";
  info.request_preview = "in";
  info.metadata = {{"mlflow.trace.session", "s"}, {"mlflow.trace.tokenUsage", R"({"input_tokens": 4})"}, {"k", "v"}};
  info.tags = {{"mlflow.traceName", "first"}, {"team", "a"}};
  info.assessments = {{.name = "good", .value = "true", .source_type = "HUMAN"}};
  const auto stored = service_->StartTrace(caller_, info);
  ASSERT_TRUE(stored.ok()) << stored.status();
  EXPECT_EQ(stored->tags.at("mlflow.traceName"), "first");
  EXPECT_EQ(stored->tags.at("team"), "a");
  EXPECT_EQ(stored->tags.at("mlflow.artifactLocation"), "mlflow-artifacts:/1/traces/t1/artifacts");
  EXPECT_EQ(stored->metadata.at("mlflow.trace.session"), "s");
  EXPECT_EQ(stored->metadata.at("mlflow.trace.tokenUsage"), R"({"input_tokens": 4})");
  EXPECT_EQ(stored->metadata.at("mlflow.trace.infoFinalized"), "true");
  EXPECT_EQ(stored->metadata.at("k"), "v");
  EXPECT_EQ(stored->execution_ms, 5);
  ASSERT_EQ(stored->assessments.size(), 1u);
  EXPECT_EQ(stored->assessments[0].trace_id, "t1");
  EXPECT_TRUE(stored->assessments[0].id.starts_with("a-"));
  EXPECT_THAT(Events(), ElementsAre("trace.ended"));
  // Without spans there is no trace to show, only its record.
  EXPECT_EQ(service_->GetTrace(caller_, "t1", true).status().code(), absl::StatusCode::kFailedPrecondition);
}

TEST_F(TraceServiceTest, RefusesWhatHasNoPlace) {
  TraceInfo info = Info("t1");
  info.experiment_id = "7";
  EXPECT_EQ(service_->StartTrace(caller_, info).status().code(), absl::StatusCode::kNotFound);
  info.experiment_id = "9";
  EXPECT_THAT(service_->StartTrace(caller_, info).status().message(), HasSubstr("must be in the 'active' state"));
  EXPECT_EQ(service_->LogSpans(caller_, "7", {{{}}, {MakeSpan(1, 1)}}).code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(service_->GetInfo(caller_, "t1").status().code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(Events(), IsEmpty());
}

TEST_F(TraceServiceTest, SpansMakeATrace) {
  ASSERT_TRUE(Log({MakeSpan(1, 2, 1)}, {{"service.name", R"("web")"}, {"telemetry.sdk.name", R"("x")"}}).ok());
  auto info = service_->GetInfo(caller_, Id(1));
  ASSERT_TRUE(info.ok()) << info.status();
  EXPECT_EQ(info->state, "IN_PROGRESS");
  EXPECT_EQ(info->tags.at("service.name"), "web");
  EXPECT_FALSE(info->tags.contains("telemetry.sdk.name"));
  EXPECT_EQ(info->tags.at("mlflow.trace.spansLocation"), "TRACKING_STORE");

  Span root = MakeSpan(1, 1, 0,
                       {{"mlflow.spanInputs", R"({"q": "why"})"},
                        {"user.id", R"("ada")"},
                        {"session.id", R"("s1")"},
                        {"mlflow.traceTag.color", R"("red")"}});
  root.status = SpanStatus::kError;
  ASSERT_TRUE(Log({root}).ok());
  info = service_->GetInfo(caller_, Id(1));
  EXPECT_EQ(info->state, "ERROR");
  EXPECT_EQ(info->request_time_ms, 1001);
  EXPECT_EQ(info->execution_ms, 101);
  EXPECT_EQ(info->request_preview, R"({"q": "why"})");
  EXPECT_EQ(info->tags.at("color"), "red");
  EXPECT_EQ(info->metadata.at("mlflow.trace.user"), "ada");
  EXPECT_EQ(info->metadata.at("mlflow.trace.session"), "s1");
  EXPECT_THAT(Events(), ElementsAre("trace.started", "trace.ended"));

  const auto trace = service_->GetTrace(caller_, Id(1), false);
  ASSERT_TRUE(trace.ok()) << trace.status();
  ASSERT_EQ(trace->spans.size(), 2u);
  EXPECT_THAT(trace->spans[0], HasSubstr(R"("name": "span1")"));  // the root first
  // The same spans again change nothing.
  ASSERT_TRUE(Log({root, MakeSpan(1, 2, 1)}).ok());
  EXPECT_EQ(service_->GetTrace(caller_, Id(1), false)->spans.size(), 2u);
}

TEST_F(TraceServiceTest, TheRecordWinsOverSpans) {
  ASSERT_TRUE(Log({MakeSpan(1, 1)}).ok());
  TraceInfo info = Info(Id(1), 990);
  info.tags = {{"mlflow.traceName", "named"}};
  ASSERT_TRUE(service_->StartTrace(caller_, info).ok());
  ASSERT_TRUE(Log({MakeSpan(1, 5, 1)}).ok());
  const auto stored = service_->GetInfo(caller_, Id(1));
  EXPECT_EQ(stored->request_time_ms, 990);
  EXPECT_EQ(stored->execution_ms, 5);
  EXPECT_EQ(stored->tags.at("mlflow.traceName"), "named");
  EXPECT_THAT(Events(), ElementsAre("trace.ended"));
}

TEST_F(TraceServiceTest, SumsTokensAcrossBatches) {
  const Attributes four = {{std::string(kSpanUsage), R"({"input_tokens": 3, "output_tokens": 1, "total_tokens": 4})"}};
  ASSERT_TRUE(Log({MakeSpan(1, 2, 1, four)}).ok());
  ASSERT_TRUE(Log({MakeSpan(1, 3, 1, four)}).ok());
  EXPECT_EQ(service_->GetInfo(caller_, Id(1))->metadata.at("mlflow.trace.tokenUsage"),
            R"({"input_tokens": 6, "output_tokens": 2, "total_tokens": 8})");
  // A parent that repeats its children's counts replaces them.
  ASSERT_TRUE(
      Log({MakeSpan(1, 1, 0,
                    {{std::string(kSpanUsage), R"({"input_tokens": 6, "output_tokens": 2, "total_tokens": 8})"}})})
          .ok());
  EXPECT_EQ(service_->GetInfo(caller_, Id(1))->metadata.at("mlflow.trace.tokenUsage"),
            R"({"input_tokens": 6, "output_tokens": 2, "total_tokens": 8})");
}

TEST_F(TraceServiceTest, WorkspacesDoNotSeeEachOther) {
  ASSERT_TRUE(Log({MakeSpan(1, 1)}).ok());
  EXPECT_EQ(service_->GetInfo(stranger_, Id(1)).status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(service_->SetTag(stranger_, Id(1), "a", "b").code(), absl::StatusCode::kNotFound);
  EXPECT_TRUE(service_->GetTraces(stranger_, {Id(1)}, {})->empty());
  EXPECT_TRUE(service_->Search(stranger_, {.experiment_ids = {"1"}})->traces.empty());
  EXPECT_EQ(*service_->Delete(stranger_, {.experiment_id = "1", .max_timestamp_ms = 99999999}), 0);
  // The same id in another workspace is another trace.
  ASSERT_TRUE(service_->StartTrace(stranger_, Info(Id(1), 5)).ok());
  EXPECT_EQ(service_->GetInfo(caller_, Id(1))->request_time_ms, 1001);
}

TEST_F(TraceServiceTest, WaitsForAnnouncedSpans) {
  TraceInfo info = Info(Id(1));
  info.metadata = {{std::string(kSizeStats), R"({"num_spans": 2})"}};
  ASSERT_TRUE(Log({MakeSpan(1, 1)}).ok());
  ASSERT_TRUE(service_->StartTrace(caller_, info).ok());
  EXPECT_TRUE(service_->GetTraces(caller_, {Id(1)}, {})->empty());
  EXPECT_EQ(service_->GetTrace(caller_, Id(1), true)->spans.size(), 1u);
  std::thread late([&] { EXPECT_TRUE(Log({MakeSpan(1, 2, 1)}).ok()); });
  const auto trace = service_->GetTrace(caller_, Id(1), false);
  late.join();
  ASSERT_TRUE(trace.ok()) << trace.status();
  EXPECT_EQ(trace->spans.size(), 2u);
  EXPECT_EQ(service_->GetTraces(caller_, {Id(1), "none"}, {})->size(), 1u);
  EXPECT_TRUE(service_->GetTraces(caller_, {Id(1)}, std::vector<std::string>{"2"})->empty());
}

TEST_F(TraceServiceTest, TagsComeAndGo) {
  ASSERT_TRUE(service_->StartTrace(caller_, Info("t")).ok());
  ASSERT_TRUE(service_->SetTag(caller_, "t", "a", "1").ok());
  ASSERT_TRUE(service_->SetTag(caller_, "t", "a", "2").ok());
  ASSERT_TRUE(service_->SetTag(caller_, "t", "mlflow.traceName", "n").ok());
  EXPECT_EQ(service_->GetInfo(caller_, "t")->tags.at("a"), "2");
  EXPECT_THAT(Found("name = 'n'"), ElementsAre("t"));
  ASSERT_TRUE(service_->DeleteTag(caller_, "t", "a").ok());
  ASSERT_TRUE(service_->DeleteTag(caller_, "t", "mlflow.traceName").ok());
  EXPECT_EQ(service_->DeleteTag(caller_, "t", "a").code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(service_->DeleteTag(caller_, "t", "mlflow.traceName").code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(service_->SetTag(caller_, "t", "mlflow.trace.spansLocation", "x").code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(service_->SetTag(caller_, "t", "../x", "x").code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(service_->SetTag(caller_, "t", std::string(251, 'k'), "x").code(), absl::StatusCode::kInvalidArgument);
  ASSERT_TRUE(service_->SetTag(caller_, "t", "long", std::string(9000, 'v')).ok());
  EXPECT_EQ(service_->GetInfo(caller_, "t")->tags.at("long").size(), 8000u);
}

TEST_F(TraceServiceTest, DeletesByIdAndByAge) {
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(service_->StartTrace(caller_, Info(fmt::format("t{}", i), i)).ok());
  EXPECT_EQ(*service_->Delete(caller_, {.experiment_id = "1", .trace_ids = {"t9", "gone"}}), 1);
  EXPECT_EQ(*service_->Delete(caller_, {.experiment_id = "2", .trace_ids = {"t8"}}), 0);
  EXPECT_EQ(*service_->Delete(caller_, {.experiment_id = "1", .max_timestamp_ms = 7, .max_traces = 3}), 3);
  EXPECT_THAT(Found(""), ElementsAre("t8", "t7", "t6", "t5", "t4", "t3"));
  EXPECT_EQ(*service_->Delete(caller_, {.experiment_id = "1", .max_timestamp_ms = 7}), 5);
  EXPECT_THAT(Found(""), ElementsAre("t8"));
  EXPECT_EQ(service_->Delete(caller_, {.experiment_id = "1"}).status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(
      service_->Delete(caller_, {.experiment_id = "1", .trace_ids = {"a"}, .max_timestamp_ms = 1}).status().code(),
      absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(service_->Delete(caller_, {.experiment_id = "1", .max_timestamp_ms = 1, .max_traces = 0}).status().code(),
            absl::StatusCode::kInvalidArgument);
}

TEST_F(TraceServiceTest, AssessmentsOverrideAndReturn) {
  ASSERT_TRUE(service_->StartTrace(caller_, Info("t")).ok());
  const auto first = service_->CreateAssessment(caller_, {.trace_id = "t", .name = "good", .value = "false"});
  ASSERT_TRUE(first.ok()) << first.status();
  const auto second =
      service_->CreateAssessment(caller_, {.trace_id = "t", .name = "good", .value = "true", .overrides = first->id});
  ASSERT_TRUE(second.ok()) << second.status();
  EXPECT_FALSE(service_->GetAssessment(caller_, "t", first->id)->valid);
  EXPECT_EQ(service_->CreateAssessment(caller_, {.trace_id = "t", .name = "x", .overrides = "a-none"}).status().code(),
            absl::StatusCode::kNotFound);
  const auto updated = service_->UpdateAssessment(
      caller_, "t", second->id, {.feedback_value = "0.5", .rationale = "hm", .metadata = {{"k", "v"}}});
  ASSERT_TRUE(updated.ok()) << updated.status();
  EXPECT_EQ(updated->value, "0.5");
  EXPECT_EQ(updated->rationale, "hm");
  EXPECT_THAT(Found("feedback.good > 0.4"), ElementsAre("t"));
  EXPECT_EQ(service_->UpdateAssessment(caller_, "t", second->id, {.expectation_value = "1"}).status().code(),
            absl::StatusCode::kInvalidArgument);
  ASSERT_TRUE(service_->DeleteAssessment(caller_, "t", second->id).ok());
  ASSERT_TRUE(service_->DeleteAssessment(caller_, "t", second->id).ok());
  EXPECT_TRUE(service_->GetAssessment(caller_, "t", first->id)->valid);
  EXPECT_EQ(service_->GetAssessment(caller_, "t", second->id).status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(service_->GetInfo(caller_, "t")->assessments.size(), 1u);
  EXPECT_THAT(Events(), ElementsAre("trace.ended", "assessment.created", "assessment.created", "assessment.updated",
                                    "assessment.deleted"));
}

TEST_F(TraceServiceTest, FindsByEverything) {
  TraceInfo a = Info("a", 100, "OK"), b = Info("b", 200, "ERROR"), c = Info("c", 300, "OK");
  a.tags = {{"mlflow.traceName", "alpha"}, {"team", "x"}};
  a.metadata = {{"mlflow.sourceRun", "run1"}, {"mlflow.trace.session", "s"}};
  b.tags = {{"mlflow.traceName", "Beta"}, {"team", "y"}};
  b.metadata = {{"mlflow.trace.session", "s"},
                {"mlflow.trace.tokenUsage", R"({"input_tokens": 4, "total_tokens": 9})"}};
  b.client_request_id = "req-b";
  c.execution_ms.reset();
  for (const TraceInfo& info : {a, b, c}) ASSERT_TRUE(service_->StartTrace(caller_, info).ok());
  ASSERT_TRUE(service_->LinkToRun(caller_, {"c"}, "run1").ok());
  ASSERT_TRUE(service_->LinkPrompts(caller_, "a", {"greet/2"}).ok());
  ASSERT_TRUE(service_->CreateAssessment(caller_, {.trace_id = "b", .name = "score", .value = "0.8"}).ok());
  ASSERT_TRUE(
      service_
          ->CreateAssessment(
              caller_,
              {.trace_id = "b", .name = "mood", .value = "\"fine\"", .metadata = {{"mlflow.trace.session", "s"}}})
          .ok());
  ASSERT_TRUE(
      service_
          ->CreateAssessment(
              caller_, {.trace_id = "c", .name = "answer", .kind = AssessmentKind::kExpectation, .value = "\"yes\""})
          .ok());

  EXPECT_THAT(Found(""), ElementsAre("c", "b", "a"));
  EXPECT_THAT(Found("status = 'OK'"), ElementsAre("c", "a"));
  EXPECT_THAT(Found("trace.status IN ('ERROR', 'IN_PROGRESS')"), ElementsAre("b"));
  EXPECT_THAT(Found("timestamp_ms >= 200 AND timestamp_ms < 300"), ElementsAre("b"));
  EXPECT_THAT(Found("execution_time_ms > 3"), ElementsAre("b", "a"));
  EXPECT_THAT(Found("end_time_ms <= 105"), ElementsAre("a"));
  EXPECT_THAT(Found("name LIKE 'al%'"), ElementsAre("a"));
  EXPECT_THAT(Found("name LIKE 'be%'"), IsEmpty());
  EXPECT_THAT(Found("name ILIKE 'be%'"), ElementsAre("b"));
  EXPECT_THAT(Found("name RLIKE '^[A-Z]'"), ElementsAre("b"));
  EXPECT_THAT(Found("tags.team = 'x'"), ElementsAre("a"));
  EXPECT_THAT(Found("tags.team != 'x'"), ElementsAre("b"));
  EXPECT_THAT(Found("tags.team IS NULL"), ElementsAre("c"));
  EXPECT_THAT(Found("tags.team IS NOT NULL AND status = 'OK'"), ElementsAre("a"));
  EXPECT_THAT(Found("run_id = 'run1'"), ElementsAre("c", "a"));
  EXPECT_THAT(Found("metadata.`mlflow.trace.session` = 's'"), ElementsAre("b", "a"));
  EXPECT_THAT(Found("metadata.`mlflow.trace.tokenUsage` IS NOT NULL"), ElementsAre("b"));
  EXPECT_THAT(Found(R"(metadata.`mlflow.trace.tokenUsage` = '{"input_tokens": 4, "total_tokens": 9}')"),
              ElementsAre("b"));
  EXPECT_THAT(Found("client_request_id = 'req-b'"), ElementsAre("b"));
  EXPECT_THAT(Found("request_id = 'a'"), ElementsAre("a"));
  EXPECT_THAT(Found("prompt = 'greet/2'"), ElementsAre("a"));
  EXPECT_THAT(Found("feedback.score >= 0.8"), ElementsAre("b"));
  EXPECT_THAT(Found("feedback.score = '0.8'"), ElementsAre("b"));
  EXPECT_THAT(Found("feedback.mood = 'fine'"), ElementsAre("b", "a"));  // for the whole session
  EXPECT_THAT(Found("feedback.mood IS NULL"), ElementsAre("c"));
  EXPECT_THAT(Found("expectation.answer = 'yes'"), ElementsAre("c"));
  EXPECT_THAT(Found("", {"timestamp_ms ASC"}), ElementsAre("a", "b", "c"));
  EXPECT_THAT(Found("", {"status DESC", "timestamp_ms ASC"}), ElementsAre("a", "c", "b"));
  EXPECT_THAT(Found("", {"execution_time_ms ASC"}), ElementsAre("b", "a", "c"));  // nothing comes last
  EXPECT_THAT(Found("", {"name DESC"}), ElementsAre("a", "b", "c"));

  const auto refused = [&](std::string filter) {
    return service_->Search(caller_, {.experiment_ids = {"1"}, .filter = std::move(filter)}).status().code();
  };
  EXPECT_EQ(refused("name RLIKE '('"), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(refused("prompt = 'greet'"), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(refused("nonsense ="), absl::StatusCode::kInvalidArgument);

  const auto correlation = service_->Correlate(caller_, {"1"}, "status = 'OK'", "run_id = 'run1'", "");
  ASSERT_TRUE(correlation.ok()) << correlation.status();
  EXPECT_EQ(correlation->joint_count, 2);
  EXPECT_EQ(correlation->total_count, 3);
  EXPECT_NEAR(correlation->npmi, 1, 1e-12);
  EXPECT_TRUE(std::isnan(service_->Correlate(caller_, {"1"}, "status = 'OK'", "name = 'none'", "")->npmi));
}

TEST_F(TraceServiceTest, FindsBySpans) {
  Span tool = MakeSpan(1, 2, 1, {{std::string(kSpanType), R"("TOOL")"}, {"city", R"("Seoul")"}, {"n", "5"}});
  tool.status = SpanStatus::kError;
  ASSERT_TRUE(Log({MakeSpan(1, 1, 0, {{std::string(kSpanType), R"("AGENT")"}}), tool,
                   MakeSpan(2, 1, 0, {{"city", R"("Seoul 2")"}})})
                  .ok());
  EXPECT_THAT(Found("span.type = 'TOOL'"), ElementsAre(Id(1)));
  EXPECT_THAT(Found("span.type = 'TOOL' AND span.name = 'span2'"), ElementsAre(Id(1)));
  EXPECT_THAT(Found("span.type = 'TOOL' AND span.name = 'span1'"), IsEmpty());  // not of one and the same span
  EXPECT_THAT(Found("span.status = 'ERROR'"), ElementsAre(Id(1)));
  EXPECT_THAT(Found("span.attributes.city = 'Seoul'"), ElementsAre(Id(1)));
  EXPECT_THAT(Found("span.attributes.city LIKE '%Seoul%'"), UnorderedElementsAre(Id(1), Id(2)));
  EXPECT_THAT(Found("span.attributes.city RLIKE '^Seoul [0-9]$'"), ElementsAre(Id(2)));
  EXPECT_THAT(Found("span.attributes.city != 'Seoul'"), ElementsAre(Id(2)));
  EXPECT_THAT(Found("span.attributes.n = '5'"), ElementsAre(Id(1)));
  EXPECT_THAT(Found("text LIKE '%span2%'"), ElementsAre(Id(1)));
}

TEST_F(TraceServiceTest, PagesInEveryOrder) {
  for (int i = 0; i < 25; ++i) ASSERT_TRUE(service_->StartTrace(caller_, Info(fmt::format("t{:02}", i), i / 2)).ok());
  for (const std::vector<std::string>& order :
       {std::vector<std::string>{}, {"timestamp_ms ASC"}, {"request_id DESC"}}) {
    std::vector<std::string> seen;
    TraceQuery query{.experiment_ids = {"1"}, .order_by = order, .max_results = 7};
    for (int pages = 0; pages < 10; ++pages) {
      const auto page = service_->Search(caller_, query);
      ASSERT_TRUE(page.ok()) << page.status();
      for (const TraceInfo& info : page->traces) seen.push_back(info.trace_id);
      query.page_token = page->next_page_token;
      if (query.page_token.empty()) break;
    }
    query.page_token.clear();
    query.max_results = 100;
    std::vector<std::string> whole;
    const auto everything = service_->Search(caller_, query);
    ASSERT_TRUE(everything.ok()) << everything.status();
    for (const TraceInfo& info : everything->traces) whole.push_back(info.trace_id);
    EXPECT_EQ(seen, whole);
    EXPECT_EQ(seen.size(), 25u);
  }
  EXPECT_EQ(service_->Search(caller_, {.experiment_ids = {"1"}, .page_token = "?"}).status().code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(service_->Search(caller_, {.experiment_ids = {"1"}, .max_results = 501}).status().code(),
            absl::StatusCode::kInvalidArgument);
}

TEST_F(TraceServiceTest, VersionTwoComesInTwoCalls) {
  TraceInfo info = Info("v2", 100, "IN_PROGRESS");
  info.execution_ms.reset();
  ASSERT_TRUE(service_->StartTrace(caller_, info).ok());
  const auto ended = service_->EndTrace(caller_, "v2", 350, "OK", {{"k", "v"}}, {{"mlflow.traceName", "n"}});
  ASSERT_TRUE(ended.ok()) << ended.status();
  EXPECT_EQ(ended->execution_ms, 250);
  EXPECT_EQ(ended->metadata.at("k"), "v");
  EXPECT_EQ(ended->tags.at("mlflow.traceName"), "n");
  EXPECT_THAT(Events(), ElementsAre("trace.started", "trace.ended"));
  EXPECT_EQ(service_->EndTrace(caller_, "gone", 1, "OK", {}, {}).status().code(), absl::StatusCode::kNotFound);
}

TEST_F(TraceServiceTest, CountsAndMeasures) {
  for (int i = 0; i < 10; ++i) {
    TraceInfo info = Info(fmt::format("t{}", i), i * 30'000, i % 2 == 0 ? "OK" : "ERROR");
    info.execution_ms = i;
    info.tags = {{"mlflow.traceName", i < 5 ? "early" : "late"}};
    info.metadata = {{"mlflow.trace.session", i < 3 ? "a" : "b"}};
    ASSERT_TRUE(service_->StartTrace(caller_, info).ok());
  }
  const auto ask = [&](MetricQuery query) {
    query.experiment_ids = {"1"};
    auto points = QueryMetrics(*db_, caller_, query);
    EXPECT_TRUE(points.ok()) << points.status();
    return points.ok() ? *std::move(points) : std::vector<MetricPoint>();
  };
  const auto latency =
      ask({.metric = "latency",
           .aggregations = {{Aggregation::kAverage}, {Aggregation::kPercentile, 25}, {Aggregation::kMax}},
           .dimensions = {"trace_name"}});
  ASSERT_EQ(latency.size(), 2u);
  EXPECT_THAT(latency[0].dimensions, ElementsAre("early"));
  EXPECT_THAT(latency[0].values, ElementsAre(2.0, 1.0, 4.0));
  EXPECT_THAT(latency[1].values, ElementsAre(7.0, 6.0, 9.0));
  const auto by_minute = ask({.metric = "trace_count",
                              .aggregations = {{Aggregation::kCount}},
                              .filters = {"trace.status = 'OK'"},
                              .interval_s = 60,
                              .start_ms = 60'000,
                              .end_ms = 200'000});
  ASSERT_EQ(by_minute.size(), 3u);  // traces 2, 4 and 6
  EXPECT_EQ(by_minute[1].bucket_ms, 120'000);
  EXPECT_THAT(by_minute[1].values, ElementsAre(1.0));
  EXPECT_THAT(ask({.metric = "session_count", .aggregations = {{Aggregation::kCount}}})[0].values, ElementsAre(2.0));
  EXPECT_THAT(
      ask({.metric = "trace_count", .aggregations = {{Aggregation::kCount}}, .filters = {"trace.tag.none = 'x'"}})[0]
          .values,
      ElementsAre(0.0));
  EXPECT_THAT(ask({.view = MetricView::kSpans, .metric = "total_cost", .aggregations = {{Aggregation::kSum}}}),
              IsEmpty());
  const auto refused = [&](MetricQuery query) {
    query.experiment_ids = {"1"};
    return QueryMetrics(*db_, caller_, query).status().code();
  };
  EXPECT_EQ(refused({.metric = "none", .aggregations = {{}}}), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(refused({.metric = "latency", .aggregations = {{Aggregation::kSum}}}), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(refused({.metric = "latency", .aggregations = {{Aggregation::kPercentile, 101}}}),
            absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(refused({.metric = "trace_count", .aggregations = {{}}, .filters = {"span.name = 'x'"}}),
            absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(refused({.metric = "trace_count", .aggregations = {{}}, .interval_s = 60}),
            absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace maru::traces
