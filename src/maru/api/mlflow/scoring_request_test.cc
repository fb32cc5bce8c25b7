#include "maru/api/mlflow/scoring_request.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>

namespace maru::api::mlflow {
namespace {

using serving::DataType;
using serving::Tensor;
using testing::ElementsAre;
using testing::HasSubstr;

const serving::ModelMetadata kMatrix{.inputs = {{"x", DataType::kFp32, {-1, 2}}}};
const serving::ModelMetadata kColumns{.inputs = {{"a", DataType::kInt64, {-1, 1}}, {"s", DataType::kBytes, {-1}}}};

struct Decoded {
  serving::Arena arena;
  serving::InferRequest request;
  std::optional<std::size_t> rows;
  Status status;

  Decoded(const serving::ModelMetadata& model, std::string_view body, const serving::Signature& signature = {},
          std::string_view type = "application/json") {
    status = DecodeScoring(type, body, model, signature, arena, request, rows);
  }
  template <typename T>
  std::vector<T> Values(std::size_t input) const {
    std::vector<T> values(request.inputs.at(input).data.size() / sizeof(T));
    std::memcpy(values.data(), request.inputs[input].data.data(), values.size() * sizeof(T));
    return values;
  }
};

TEST(ScoringRequestTest, EveryFormGivesTheSameMatrix) {
  for (const char* body : {
           R"({"dataframe_split":{"columns":["p","q"],"index":[7,8],"data":[[1,2],[3,4.5]]}})",
           R"({"dataframe_records":[{"p":1,"q":2},{"p":3,"q":4.5}]})",
           R"({"instances":[[1,2],[3,4.5]]})",
           R"({"inputs":[[1,2],[3,4.5]]})",
           R"({"inputs":{"x":[[1,2],[3,4.5]]}})",
           R"({"instances":[{"p":1,"q":2},{"p":3,"q":4.5}],"params":{}})",
       }) {
    const Decoded d(kMatrix, body);
    ASSERT_EQ(d.status, OkStatus()) << body;
    EXPECT_EQ(serving::ShapeText(d.request.inputs[0].shape), "[2,2]") << body;
    EXPECT_THAT(d.Values<float>(0), ElementsAre(1, 2, 3, 4.5f)) << body;
  }
  const Decoded csv(kMatrix, "p,q\n1,2\r\n3,4.5\n", {}, "text/csv; charset=utf-8");
  ASSERT_EQ(csv.status, OkStatus());
  EXPECT_THAT(csv.Values<float>(0), ElementsAre(1, 2, 3, 4.5f));
}

TEST(ScoringRequestTest, TheSignatureOrdersColumnsAndMissesThem) {
  const auto signature = serving::ParseSignature(
      R"([{"type":"double","name":"p","required":true},{"type":"double","name":"q","required":true}])", "");
  const Decoded d(kMatrix, R"({"dataframe_records":[{"extra":9,"q":2,"p":1},{"q":null,"p":3}]})", *signature);
  ASSERT_EQ(d.status, OkStatus());
  EXPECT_THAT(d.Values<float>(0), ElementsAre(1, 2, 3, testing::IsNan()));
  EXPECT_THAT(std::string(Decoded(kMatrix, R"({"dataframe_records":[{"q":2}]})", *signature).status.message()),
              HasSubstr("missing inputs ['p']"));
}

TEST(ScoringRequestTest, ColumnsBecomeInputsOfTheirNames) {
  const Decoded d(kColumns, R"({"dataframe_split":{"columns":["s","a"],"data":[["u",1],["v",2.0]]}})");
  ASSERT_EQ(d.status, OkStatus());
  EXPECT_THAT(d.Values<std::int64_t>(0), ElementsAre(1, 2));
  EXPECT_EQ(serving::ShapeText(d.request.inputs[0].shape), "[2,1]");
  EXPECT_THAT(d.request.inputs[1].strings, ElementsAre("u", "v"));
  EXPECT_EQ(serving::ShapeText(d.request.inputs[1].shape), "[2]");
}

TEST(ScoringRequestTest, WrongBodiesAreRefusedWithReasons) {
  const std::pair<const char*, const char*> cases[] = {
      {"", "empty body"},
      {"[1]", "exactly one of"},
      {R"({"instances":[],"inputs":[]})", "exactly one of"},
      {R"({"dataframe_split":{"columns":["a"],"data":[[1,2]]}})", "2 values for 1 columns"},
      {R"({"dataframe_split":{"columns":["a"],"data":[1]}})", "expected an array"},
      {R"({"dataframe_split":[]})", "must be an object"},
      {R"({"dataframe_records":[1]})", "expected an object"},
      {R"({"instances":[[1,2],[3]]})", "differ in length"},
      {R"({"instances":[["a","b"]]})", "cannot become FP32"},
      {R"({"instances":3})", "must be an array"},
  };
  for (const auto& [body, says] : cases) {
    const Decoded d(kMatrix, body);
    EXPECT_EQ(d.status.code(), absl::StatusCode::kInvalidArgument) << body;
    EXPECT_THAT(std::string(d.status.message()), HasSubstr(says)) << body;
  }
  EXPECT_THAT(std::string(Decoded(kColumns, R"({"dataframe_records":[{"a":1.5,"s":"u"}]})").status.message()),
              HasSubstr("cannot become INT64"));
  EXPECT_THAT(std::string(Decoded(kColumns, R"({"instances":[[1]]})").status.message()), HasSubstr("2 inputs"));
}

TEST(ScoringCsvTest, QuotesAndKinds) {
  EXPECT_EQ(*CsvAsJson("a,\"b \"\"c\"\"\",d\n1,\"x,\ny\",\nTrue,1e3,\"2\"\n"),
            R"({"dataframe_split":{"columns":["a","b \"c\"","d"],"data":[[1,"x,\ny",null],[true,1000,"2"]]}})");
  EXPECT_FALSE(CsvAsJson("a,b\n1\n").ok());
  EXPECT_FALSE(CsvAsJson("a\n\"1").ok());
  EXPECT_FALSE(CsvAsJson("").ok());
}

TEST(ScoringReplyTest, RowsForFramesAndArraysForTensors) {
  const std::vector<std::int64_t> labels{1, 0};
  const std::vector<float> scores{0.25f, 0.75f, 0.5f, 0.5f};
  const std::vector<std::string_view> names{"no", "yes"};
  serving::InferResponse response;
  response.outputs.push_back(
      {.name = "label", .type = DataType::kInt64, .shape = {2}, .data = std::as_bytes(std::span(labels))});
  response.outputs.push_back(
      {.name = "score", .type = DataType::kFp32, .shape = {2, 2}, .data = std::as_bytes(std::span(scores))});
  EXPECT_EQ(EncodeScoring(response, 2),
            R"({"predictions":[{"label":1,"score":[0.25,0.75]},{"label":0,"score":[0.5,0.5]}]})");
  EXPECT_EQ(EncodeScoring(response, {}), R"({"predictions":{"label":[1,0],"score":[[0.25,0.75],[0.5,0.5]]}})");
  response.outputs[1].labels = names;
  EXPECT_EQ(EncodeScoring(response, 2),
            R"({"predictions":[{"label":1,"score":{"no":0.25,"yes":0.75}},{"label":0,"score":{"no":0.5,"yes":0.5}}]})");
}

}  // namespace
}  // namespace maru::api::mlflow
