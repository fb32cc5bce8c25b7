#include "maru/api/otlp/decode.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "maru/traces/span_content.h"
#include "otlp.pb.h"

namespace maru::api::otlp {
namespace {

using ::testing::ElementsAre;
using ::testing::Pair;

maru::otlp::ExportTraceServiceRequest Request() {
  maru::otlp::ExportTraceServiceRequest request;
  auto* group = request.add_resource_spans();
  auto* service = group->mutable_resource()->add_attributes();
  service->set_key("service.name");
  service->mutable_value()->set_string_value("gemini-cli");
  auto* span = group->add_scope_spans()->add_spans();
  span->set_trace_id(std::string("\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f\x10"));
  span->set_span_id(std::string("\x11\x12\x13\x14\x15\x16\x17\x18"));
  span->set_name("answer");
  span->set_start_time_unix_nano(1'700'000'000'000'000'001);
  span->set_end_time_unix_nano(1'700'000'000'000'000'002);
  span->mutable_status()->set_code(2);
  span->mutable_status()->set_message("no");
  const auto add = [&](const char* key) {
    auto* attribute = span->add_attributes();
    attribute->set_key(key);
    return attribute->mutable_value();
  };
  add("text")->set_string_value("a\"b");
  add("whole")->set_int_value(-5);
  add("real")->set_double_value(2);
  add("flag")->set_bool_value(true);
  add("nothing");
  auto* list = add("list")->mutable_array_value();
  list->add_values()->set_int_value(1);
  list->add_values()->set_string_value("x");
  auto* member = add("map")->mutable_kvlist_value()->add_values();
  member->set_key("k");
  member->mutable_value()->set_double_value(0.5);
  add("twice")->set_int_value(1);
  add("twice")->set_int_value(2);
  auto* event = span->add_events();
  event->set_name("e");
  event->set_time_unix_nano(7);
  auto* link = span->add_links();
  link->set_trace_id(span->trace_id());
  link->set_span_id(span->span_id());
  return request;
}

TEST(DecodeTest, ReadsProtobuf) {
  const auto batch = DecodeProtobuf(Request().SerializeAsString());
  ASSERT_TRUE(batch.ok()) << batch.status();
  ASSERT_EQ(batch->spans.size(), 1u);
  const traces::Span& span = batch->spans[0];
  EXPECT_EQ(span.trace_id, "tr-0102030405060708090a0b0c0d0e0f10");
  EXPECT_EQ(span.span_id, "1112131415161718");
  EXPECT_EQ(span.parent_span_id, "");
  EXPECT_EQ(span.start_ns, 1'700'000'000'000'000'001);
  EXPECT_EQ(span.status, traces::SpanStatus::kError);
  EXPECT_THAT(span.attributes,
              ElementsAre(Pair("text", R"("a\"b")"), Pair("whole", "-5"), Pair("real", "2.0"), Pair("flag", "true"),
                          Pair("nothing", "null"), Pair("list", R"([1, "x"])"), Pair("map", R"({"k": 0.5})"),
                          Pair("twice", "2"), Pair("mlflow.traceRequestId", R"("tr-0102030405060708090a0b0c0d0e0f10")"),
                          Pair("service.name", R"("gemini-cli")")));
  EXPECT_EQ(span.events[0].time_ns, 7);
  EXPECT_EQ(span.links[0].trace_id, span.trace_id);
  EXPECT_THAT(batch->resources[0], ElementsAre(Pair("service.name", R"("gemini-cli")")));
}

constexpr char kJson[] =
    R"({"resourceSpans":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"gemini-cli"}}]},
 "scopeSpans":[{"scope":{"name":"s"},"spans":[{"traceId":"0102030405060708090a0b0c0d0e0f10","spanId":"1112131415161718",
 "name":"answer","kind":1,"startTimeUnixNano":"1700000000000000001","endTimeUnixNano":"1700000000000000002",
 "status":{"code":2,"message":"no"},
 "attributes":[{"key":"text","value":{"stringValue":"a\"b"}},{"key":"whole","value":{"intValue":"-5"}},
 {"key":"real","value":{"doubleValue":2}},{"key":"flag","value":{"boolValue":true}},{"key":"nothing","value":{}},
 {"key":"list","value":{"arrayValue":{"values":[{"intValue":1},{"stringValue":"x"}]}}},
 {"key":"map","value":{"kvlistValue":{"values":[{"key":"k","value":{"doubleValue":0.5}}]}}},
 {"key":"twice","value":{"intValue":1}},{"key":"twice","value":{"intValue":2}}],
 "events":[{"name":"e","timeUnixNano":"7"}],
 "links":[{"traceId":"0102030405060708090a0b0c0d0e0f10","spanId":"1112131415161718"}]}]}]}]})";

TEST(DecodeTest, BothEncodingsSayTheSame) {
  const auto binary = DecodeProtobuf(Request().SerializeAsString());
  const auto text = DecodeJson(kJson);
  ASSERT_TRUE(binary.ok() && text.ok()) << binary.status() << text.status();
  EXPECT_EQ(traces::EncodeSpan(binary->spans[0]), traces::EncodeSpan(text->spans[0]));
  EXPECT_EQ(binary->resources, text->resources);
}

TEST(DecodeTest, RefusesWhatIsNotOtlp) {
  for (const char* body : {"", "{}", "[]", "{\"resourceSpans\":[]}", "{\"resourceSpans\":5}",
                           R"({"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":"xyz"}]}]}]})",
                           R"({"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":"01","spanId":"01",
                              "attributes":[{"key":"n","value":{"intValue":"5,\"x\":1"}}]}]}]}]})"}) {
    EXPECT_EQ(DecodeJson(body).status().code(), absl::StatusCode::kInvalidArgument) << body;
  }
  EXPECT_EQ(DecodeProtobuf("no protobuf at all").status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(DecodeProtobuf("").status().code(), absl::StatusCode::kInvalidArgument);
  auto request = Request();
  request.mutable_resource_spans(0)->mutable_scope_spans(0)->mutable_spans(0)->clear_trace_id();
  EXPECT_EQ(DecodeProtobuf(request.SerializeAsString()).status().code(), absl::StatusCode::kOutOfRange);
  request = Request();
  request.mutable_resource_spans(0)->mutable_scope_spans(0)->mutable_spans(0)->set_span_id("123456789");
  EXPECT_EQ(DecodeProtobuf(request.SerializeAsString()).status().code(), absl::StatusCode::kOutOfRange);
  request = Request();
  request.mutable_resource_spans(0)->mutable_scope_spans(0)->mutable_spans(0)->set_end_time_unix_nano(~0ull);
  EXPECT_EQ(DecodeProtobuf(request.SerializeAsString()).status().code(), absl::StatusCode::kOutOfRange);
}

TEST(DecodeTest, RefusesMoreThanTracersSend) {
  auto request = Request();
  auto* span = request.mutable_resource_spans(0)->mutable_scope_spans(0)->mutable_spans(0);
  for (int i = 0; i < 5000; ++i) span->add_attributes()->set_key(std::to_string(i));
  EXPECT_EQ(DecodeProtobuf(request.SerializeAsString()).status().code(), absl::StatusCode::kInvalidArgument);
  request = Request();
  auto* scope = request.mutable_resource_spans(0)->mutable_scope_spans(0);
  auto one = scope->spans(0);
  one.clear_attributes();
  for (int i = 0; i < 20'000; ++i) *scope->add_spans() = one;
  EXPECT_EQ(DecodeProtobuf(request.SerializeAsString()).status().code(), absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace maru::api::otlp
