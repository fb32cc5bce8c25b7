// What is pure in traces/: JSON texts, span content, previews, usage sums, conventions.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "maru/json/json.h"
#include "maru/traces/json_text.h"
#include "maru/traces/keys.h"
#include "maru/traces/preview.h"
#include "maru/traces/semantic_conventions.h"
#include "maru/traces/span_content.h"
#include "maru/traces/usage.h"

namespace maru::traces {
namespace {

std::string Double(double value) {
  std::string out;
  AppendDouble(out, value);
  return out;
}

TEST(JsonTextTest, WritesFloatsAsPythonDoes) {
  EXPECT_EQ(Double(1), "1.0");
  EXPECT_EQ(Double(-0.0), "-0.0");
  EXPECT_EQ(Double(100000), "100000.0");
  EXPECT_EQ(Double(0.1), "0.1");
  EXPECT_EQ(Double(0.0001), "0.0001");
  EXPECT_EQ(Double(0.00001), "1e-05");
  EXPECT_EQ(Double(1e16), "1e+16");
  EXPECT_EQ(Double(123456789012345.0), "123456789012345.0");
  EXPECT_EQ(Double(std::numeric_limits<double>::quiet_NaN()), "NaN");
}

TEST(JsonTextTest, CutsBetweenCharacters) {
  EXPECT_EQ(FirstCharacters("마루", 1), "마");
  EXPECT_EQ(FirstCharacters("ab", 5), "ab");
  EXPECT_EQ(CountCharacters("마루"), 2u);
}

Span SomeSpan() {
  return {.trace_id = "tr-000102030405060708090a0b0c0d0e0f",
          .span_id = "0011223344556677",
          .parent_span_id = "8899aabbccddeeff",
          .name = "say \"hi\"",
          .start_ns = 1'700'000'000'123'456'789,
          .end_ns = 1'700'000'001'000'000'000,
          .status = SpanStatus::kError,
          .status_message = "it broke",
          .attributes = {{"mlflow.spanInputs", R"({"x": 1})"}, {"note", R"("a\nb")"}, {"nan", "NaN"}},
          .events = {{"exception", 5, {{"exception.type", R"("ValueError")"}, {"n", "3"}}}},
          .links = {{"tr-000102030405060708090a0b0c0d0eff", "0011223344556688", {{"k", R"("v")"}}}}};
}

TEST(SpanContentTest, ReadsWhatItWrote) {
  const std::string content = EncodeSpan(SomeSpan());
  EXPECT_TRUE(json::Parse(content).ok()) << content;
  EXPECT_THAT(content, ::testing::HasSubstr(R"("trace_id": "AAECAwQFBgcICQoLDA0ODw==", "span_id": "ABEiM0RVZnc=")"));
  EXPECT_THAT(content, ::testing::HasSubstr(R"("mlflow.spanInputs": "{\"x\": 1}")"));
  const auto span = DecodeSpan(content);
  ASSERT_TRUE(span.ok()) << span.status();
  const Span expected = SomeSpan();
  EXPECT_EQ(span->trace_id, expected.trace_id);
  EXPECT_EQ(span->parent_span_id, expected.parent_span_id);
  EXPECT_EQ(span->start_ns, expected.start_ns);
  EXPECT_EQ(span->status, SpanStatus::kError);
  EXPECT_EQ(span->attributes, expected.attributes);
  ASSERT_EQ(span->events.size(), 1u);
  EXPECT_EQ(span->events[0].attributes, expected.events[0].attributes);
  ASSERT_EQ(span->links.size(), 1u);
  EXPECT_EQ(span->links[0].span_id, expected.links[0].span_id);
  EXPECT_EQ(EncodeSpan(*span), content);
}

TEST(SpanContentTest, RefusesWhatIsNoSpan) {
  EXPECT_EQ(DecodeSpan("[]").status().code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(DecodeSpan("{}").status().code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(DecodeSpan("{\"span_id\": ").status().code(), absl::StatusCode::kDataLoss);
}

TEST(PreviewTest, ShowsTheLastMessageOfTheRole) {
  EXPECT_EQ(MakePreview(R"({"x": 1})", "user"), R"({"x": 1})");
  EXPECT_EQ(MakePreview(R"({"messages": [{"role": "user", "content": "one"}, {"role": "assistant", "content": "two"},
                                         {"role": "user", "content": [{"type": "text", "text": "three"}]}]})",
                        "user"),
            "three");
  EXPECT_EQ(MakePreview(R"({"choices": [{"message": {"role": "assistant", "content": "hello"}}]})", "assistant"),
            "hello");
  EXPECT_EQ(MakePreview(R"({"request": {"input": [{"role": "user", "content": "hi"}]}})", "user"), "hi");
  EXPECT_EQ(MakePreview(R"({"output": [{"type": "message", "role": "assistant",
                                       "content": [{"type": "output_text", "text": "so"}]}]})",
                        "assistant"),
            "so");
  const std::string cut = MakePreview("\"" + std::string(5000, 'x') + "\"", "user");
  EXPECT_EQ(cut.size(), 1000u);
  EXPECT_TRUE(cut.ends_with("..."));
}

using Node = UsageNode<TokenCounts>;

TEST(UsageTest, DoesNotCountChildrenOfCountedParents) {
  const TokenCounts ten = *ParseTokens(R"({"input_tokens": 7, "output_tokens": 3, "total_tokens": 10})");
  const std::vector<Node> rolled_up = {{"root", "", ten}, {"a", "root", {}}, {"b", "a", ten}, {"c", "root", ten}};
  EXPECT_EQ(FormatTokens(*SumTokens(rolled_up)), R"({"input_tokens": 7, "output_tokens": 3, "total_tokens": 10})");
  const std::vector<Node> leaves = {
      {"root", "", {}}, {"a", "root", {}}, {"b", "a", ten}, {"c", "root", ten}, {"d", "gone", ten}};
  EXPECT_EQ(FormatTokens(*SumTokens(leaves)), R"({"input_tokens": 21, "output_tokens": 9, "total_tokens": 30})");
  EXPECT_FALSE(SumTokens({{"root", "", {}}}));
  // Parents in a circle must not hang.
  EXPECT_TRUE(SumTokens({{"a", "b", {}}, {"b", "a", {}}, {"c", "a", ten}}));
}

TEST(UsageTest, SumsDeepTreesInOneStepASpan) {
  std::vector<Node> chain = {{"0", "", {}}};
  for (int i = 1; i < 100'000; ++i) chain.push_back({std::to_string(i), std::to_string(i - 1), {}});
  chain.back().values = *ParseTokens(R"({"input_tokens": 1})");
  EXPECT_EQ((*SumTokens(chain))[0], 1);
}

TEST(UsageTest, KeepsOptionalCountsOptional) {
  const auto tokens =
      SumTokens({{"a", "", ParseTokens(R"({"input_tokens": 5, "cache_read_input_tokens": 2, "x": "y"})")}});
  EXPECT_EQ(FormatTokens(*tokens),
            R"({"input_tokens": 5, "output_tokens": 0, "total_tokens": 0, "cache_read_input_tokens": 2})");
  EXPECT_FALSE(ParseTokens("[1]"));
  EXPECT_EQ(FormatTokens(*ParseTokens(R"({"input_tokens": 1.5})")), "");
  EXPECT_EQ(FormatCosts(*ParseCosts(R"({"input_cost": 0.5, "total_cost": 1})")),
            R"({"input_cost": 0.5, "total_cost": 1.0})");
}

TEST(ConventionsTest, TranslatesGenAi) {
  Span span{.attributes = {{"gen_ai.operation.name", R"("chat")"},
                           {"gen_ai.request.model", R"("small-1")"},
                           {"gen_ai.provider.name", R"("acme")"},
                           {"gen_ai.usage.input_tokens", "12"},
                           {"gen_ai.usage.output_tokens", R"("30")"},
                           {"gen_ai.input.messages", R"("[{\"role\":\"user\"}]")"}}};
  TranslateSpan(span);
  EXPECT_EQ(FindAttribute(span.attributes, kSpanType), R"("CHAT_MODEL")");
  EXPECT_EQ(FindAttribute(span.attributes, kSpanModel), R"("small-1")");
  EXPECT_EQ(FindAttribute(span.attributes, kSpanProvider), R"("acme")");
  EXPECT_EQ(FindAttribute(span.attributes, kSpanUsage),
            R"({"input_tokens": 12, "output_tokens": 30, "total_tokens": 42})");
  EXPECT_EQ(FindAttribute(span.attributes, kSpanInputs), R"([{"role":"user"}])");
}

TEST(ConventionsTest, KeepsWhatMlflowSaidAndReadsEvents) {
  Span span{
      .attributes = {{"openinference.span.kind", R"("TOOL")"},
                     {std::string(kSpanType), R"("AGENT")"},
                     {"output.value", R"("")"}},
      .events = {{"gen_ai.user.message", 1, {{"content", R"("hi")"}}}, {"gen_ai.choice", 2, {{"content", R"("yo")"}}}}};
  TranslateSpan(span);
  EXPECT_EQ(FindAttribute(span.attributes, kSpanType), R"("AGENT")");
  EXPECT_EQ(FindAttribute(span.attributes, kSpanInputs), R"([{"role": "user", "content": "hi"}])");
  EXPECT_EQ(FindAttribute(span.attributes, kSpanOutputs), R"([{"role": "assistant", "content": "yo"}])");
}

}  // namespace
}  // namespace maru::traces
