#include "maru/api/kserve/infer_reply.h"

#include <gtest/gtest.h>

#include <limits>

namespace maru::api::kserve {
namespace {

using serving::DataType;
using serving::Tensor;

template <typename T>
Tensor Of(std::string_view name, DataType type, serving::Shape shape, const std::vector<T>& values) {
  return {.name = name, .type = type, .shape = std::move(shape), .data = std::as_bytes(std::span(values))};
}

TEST(InferReplyTest, WritesShortestNumbers) {
  const std::vector<float> floats{0.1f, 1, -2.5e-8f, std::numeric_limits<float>::quiet_NaN(),
                                  -std::numeric_limits<float>::infinity()};
  const std::vector<std::int8_t> bytes{-1, 7};
  const Tensor outputs[] = {Of("y", DataType::kFp32, {5}, floats), Of("n", DataType::kInt8, {2}, bytes)};
  const http::Reply reply = EncodeInfer("m", "3", {.id = "q"}, outputs);
  EXPECT_EQ(reply.body,
            R"({"model_name":"m","model_version":"3","id":"q","outputs":[{"name":"y","datatype":"FP32","shape":[5],)"
            R"("data":[0.1,1,-2.5e-08,null,-1e999]},{"name":"n","datatype":"INT8","shape":[2],"data":[-1,7]}]})");
  EXPECT_EQ(reply.content_type, "application/json");
}

TEST(InferReplyTest, WritesBinaryAfterTheJson) {
  const std::vector<float> floats{1, 2};
  const std::vector<std::string_view> texts{"ab", ""};
  const Tensor outputs[] = {Of("y", DataType::kFp32, {2}, floats),
                            {.name = "s", .type = DataType::kBytes, .shape = {2}, .strings = texts}};
  const http::Reply reply =
      EncodeInfer("m", "3", {.outputs = {{.name = "y", .binary = true}, {.name = "s", .binary = true}}}, outputs);
  const std::string json =
      R"({"model_name":"m","model_version":"3","outputs":[{"name":"y","datatype":"FP32","shape":[2],"parameters":{"binary_data_size":8}},)"
      R"({"name":"s","datatype":"BYTES","shape":[2],"parameters":{"binary_data_size":10}}]})";
  EXPECT_EQ(reply.headers.Get("Inference-Header-Content-Length"), std::to_string(json.size()));
  EXPECT_EQ(reply.body, json + std::string(reinterpret_cast<const char*>(floats.data()), 8) +
                            std::string("\2\0\0\0ab\0\0\0\0", 10));
}

TEST(InferReplyTest, Classifies) {
  const std::vector<float> scores{0.1f, 0.7f, 0.2f, 5, 4, 3};
  const std::vector<std::string_view> labels{"cat", "dog", "owl"};
  Tensor tensor = Of("p", DataType::kFp32, {2, 3}, scores);
  tensor.labels = labels;
  const http::Reply reply = EncodeInfer("m", "1", {.outputs = {{.name = "p", .classes = 2}}}, {&tensor, 1});
  EXPECT_NE(
      reply.body.find(
          R"("datatype":"BYTES","shape":[2,2],"data":["0.700000:1:dog","0.200000:2:owl","5.000000:0:cat","4.000000:1:dog"])"),
      std::string::npos)
      << reply.body;
}

}  // namespace
}  // namespace maru::api::kserve
