#include "maru/api/kserve/infer_request.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>

namespace maru::api::kserve {
namespace {

using serving::DataType;
using testing::ElementsAre;
using testing::HasSubstr;

const serving::ModelMetadata kModel{.inputs = {{"x", DataType::kFp32, {-1, 2}}, {"s", DataType::kBytes, {-1}}},
                                    .outputs = {{"y", DataType::kFp32, {-1}}}};

struct Decoded {
  serving::Arena arena;
  serving::InferRequest request;
  InferWishes wishes;
  Status status;

  explicit Decoded(std::string_view body, std::optional<std::size_t> json_bytes = {}) {
    status = DecodeInfer(body, json_bytes, kModel, arena, request, wishes);
  }
  template <typename T>
  std::vector<T> Values(std::size_t input) const {
    std::vector<T> values(request.inputs[input].data.size() / sizeof(T));
    std::memcpy(values.data(), request.inputs[input].data.data(), values.size() * sizeof(T));
    return values;
  }
};

TEST(InferRequestTest, Json) {
  const Decoded d(R"({"id":"42","inputs":[{"name":"x","shape":[2,2],"datatype":"FP32","data":[[1,2],[3,4.5]]},
      {"name":"s","shape":[2],"datatype":"BYTES","data":["a","나"]}],
      "outputs":[{"name":"y","parameters":{"binary_data":true,"classification":2}}]})");
  ASSERT_EQ(d.status, OkStatus());
  EXPECT_EQ(d.wishes.id, "42");
  EXPECT_THAT(d.Values<float>(0), ElementsAre(1, 2, 3, 4.5f));
  EXPECT_THAT(d.request.inputs[1].strings, ElementsAre("a", "나"));
  EXPECT_THAT(d.request.outputs, ElementsAre("y"));
  EXPECT_TRUE(d.wishes.outputs[0].binary);
  EXPECT_EQ(d.wishes.outputs[0].classes, 2);
}

TEST(InferRequestTest, EveryNumericTypeInJson) {
  for (const char* type : {"BOOL", "UINT8", "UINT16", "UINT32", "UINT64", "INT8", "INT16", "INT32", "INT64", "FP16",
                           "FP32", "FP64", "BF16"}) {
    const Decoded d(fmt::format(R"({{"inputs":[{{"name":"x","shape":[1,2],"datatype":"{}","data":[1,0]}}]}})", type));
    ASSERT_EQ(d.status, OkStatus()) << type;
    EXPECT_EQ(d.request.inputs[0].data.size(), 2 * serving::ElementBytes(*serving::DataTypeFromName(type)));
  }
}

TEST(InferRequestTest, BinaryTensors) {
  const float x[] = {1, 2, 3, 4};
  std::string binary(reinterpret_cast<const char*>(x), sizeof(x));
  binary += std::string("\x01\0\0\0a\0\0\0\0", 9);
  const std::string json = R"({"parameters":{"binary_data_output":true},"inputs":[
      {"name":"x","shape":[2,2],"datatype":"FP32","parameters":{"binary_data_size":16}},
      {"name":"s","shape":[2],"datatype":"BYTES","parameters":{"binary_data_size":9}}]})";
  for (const std::string padding : {"", " ", "   "}) {  // every alignment of the numbers in the body
    const std::string body = json + padding + binary;
    const Decoded d(body, json.size() + padding.size());
    ASSERT_EQ(d.status, OkStatus());
    EXPECT_THAT(d.Values<float>(0), ElementsAre(1, 2, 3, 4));
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(d.request.inputs[0].data.data()) % alignof(float), 0u);
    EXPECT_THAT(d.request.inputs[1].strings, ElementsAre("a", ""));
    EXPECT_TRUE(d.wishes.binary);
  }
}

struct Lie {
  const char* body;
  const char* says;
};

TEST(InferRequestTest, LiesAreRefusedWithReasons) {
  const Lie lies[] = {
      {"", "empty body"},
      {"[]", "JSON object"},
      {"{", "not valid JSON"},
      {"{}", "\"inputs\" is missing"},
      {R"({"inputs":[3]})", "must hold objects"},
      {R"({"inputs":[{"shape":[1]}]})", "no \"name\""},
      {R"({"inputs":[{"name":"x","datatype":"FP8","shape":[1],"data":[1]}]})", "no datatype \"FP8\""},
      {R"({"inputs":[{"name":"x","datatype":"FP32","data":[1]}]})", "no \"shape\""},
      {R"({"inputs":[{"name":"x","datatype":"FP32","shape":[1.5],"data":[1]}]})", "whole numbers"},
      {R"({"inputs":[{"name":"x","datatype":"FP32","shape":[-1],"data":[1]}]})", "negative dimension"},
      {R"({"inputs":[{"name":"x","datatype":"FP32","shape":[1]}]})", "no \"data\""},
      {R"({"inputs":[{"name":"x","datatype":"FP32","shape":[2],"data":[1]}]})", "1 elements, but the shape asks for 2"},
      {R"({"inputs":[{"name":"x","datatype":"FP32","shape":[1],"data":[1,2]}]})", "more elements than the 1"},
      {R"({"inputs":[{"name":"x","datatype":"FP32","shape":[536870912],"data":[1]}]})",
       "more than the request has bytes"},
      {R"({"inputs":[{"name":"x","datatype":"FP32","shape":[4294967296,4294967296],"data":[1]}]})",
       "too many elements"},
      {R"({"inputs":[{"name":"x","datatype":"INT8","shape":[1],"data":[200]}]})", "does not fit"},
      {R"({"inputs":[{"name":"x","datatype":"BYTES","shape":[1],"data":[1]}]})", "expected a text"},
      {R"({"inputs":[{"name":"x","datatype":"FP32","shape":[1],"parameters":{"binary_data_size":4}}]})",
       "0 bytes are left"},
      {R"({"inputs":[{"name":"x","datatype":"FP32","shape":[1],"parameters":{"binary_data_size":-4}}]})", "-4"},
      {R"({"inputs":[{"name":"x","datatype":"FP32","shape":[1],"data":[1]}],"outputs":[{"name":"z"}]})",
       "no output \"z\""},
      {R"({"inputs":[{"name":"x","datatype":"FP32","shape":[1],"data":[1]}],"outputs":[{"name":"y"},{"name":"y"}]})",
       "wanted twice"},
  };
  for (const Lie& lie : lies) {
    const Decoded d(lie.body);
    EXPECT_EQ(d.status.code(), absl::StatusCode::kInvalidArgument) << lie.body;
    EXPECT_THAT(std::string(d.status.message()), HasSubstr(lie.says)) << lie.body;
  }
}

TEST(InferRequestTest, BinaryLiesAreRefused) {
  const std::string json =
      R"({"inputs":[{"name":"x","shape":[2],"datatype":"FP32","parameters":{"binary_data_size":4}}]})";
  EXPECT_THAT(std::string(Decoded(json + "1234", json.size()).status.message()), HasSubstr("takes 2 elements"));
  EXPECT_THAT(std::string(Decoded(json, json.size() + 1).status.message()), HasSubstr("but the body has"));
  const std::string rest =
      R"({"inputs":[{"name":"x","shape":[1],"datatype":"FP32","parameters":{"binary_data_size":4}}]})";
  EXPECT_THAT(std::string(Decoded(rest + "12345", rest.size()).status.message()), HasSubstr("belong to no input"));
  const std::string text =
      R"({"inputs":[{"name":"s","shape":[1],"datatype":"BYTES","parameters":{"binary_data_size":8}}]})";
  EXPECT_THAT(std::string(Decoded(text + std::string("\xff\xff\xff\x7f"
                                                     "abcd",
                                                     8),
                                  text.size())
                              .status.message()),
              HasSubstr("claims 2147483647 bytes"));
  const std::string flag =
      R"({"inputs":[{"name":"x","shape":[1],"datatype":"BOOL","parameters":{"binary_data_size":1}}]})";
  EXPECT_THAT(std::string(Decoded(flag + "\x02", flag.size()).status.message()), HasSubstr("0 or 1"));
}

}  // namespace
}  // namespace maru::api::kserve
