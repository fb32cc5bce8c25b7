#include "maru/serving/onnx_runtime.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <filesystem>
#include <fstream>
#include <thread>

namespace maru::serving {
namespace {

// Debian's libonnx-testdata: a folder per operator, each with a model of a few bytes.
std::string Model(const std::string& name) {
  return "/usr/share/libonnx-testdata/data/node/test_" + name + "/model.onnx";
}

std::unique_ptr<Runtime> Load(const std::string& name) {
  auto runtime = LoadOnnx(Model(name), {});
  EXPECT_TRUE(runtime.ok()) << runtime.status();
  return runtime.ok() ? std::move(*runtime) : nullptr;
}

template <typename T>
Tensor Of(std::string_view name, DataType type, Shape shape, const std::vector<T>& values) {
  return {.name = name, .type = type, .shape = std::move(shape), .data = std::as_bytes(std::span(values))};
}

std::vector<float> Floats(const Tensor& tensor) {
  std::vector<float> values(tensor.data.size() / sizeof(float));
  std::memcpy(values.data(), tensor.data.data(), tensor.data.size());
  return values;
}

TEST(OnnxRuntimeTest, DescribesAndRuns) {
  const auto runtime = Load("add");
  ASSERT_NE(runtime, nullptr);
  EXPECT_EQ(runtime->metadata().platform, "onnxruntime_onnx");
  ASSERT_EQ(runtime->metadata().inputs.size(), 2u);
  EXPECT_EQ(runtime->metadata().inputs[0].name, "x");
  EXPECT_EQ(runtime->metadata().inputs[0].type, DataType::kFp32);
  EXPECT_EQ(ShapeText(runtime->metadata().inputs[0].shape), "[3,4,5]");

  std::vector<float> x(60), y(60, 0.5f);
  for (int i = 0; i < 60; ++i) x[i] = static_cast<float>(i);
  InferRequest request{.inputs = {Of("x", DataType::kFp32, {3, 4, 5}, x), Of("y", DataType::kFp32, {3, 4, 5}, y)}};
  InferResponse response;
  ASSERT_EQ(runtime->Infer(request, response), OkStatus());
  ASSERT_EQ(response.outputs.size(), 1u);
  EXPECT_EQ(response.outputs[0].name, "sum");
  EXPECT_EQ(ShapeText(response.outputs[0].shape), "[3,4,5]");
  EXPECT_EQ(Floats(response.outputs[0])[59], 59.5f);
}

TEST(OnnxRuntimeTest, TextsGoInAndOut) {
  const auto to_text = Load("cast_FLOAT_to_STRING");
  ASSERT_NE(to_text, nullptr);
  const std::vector<float> numbers(12, 1.5f);
  InferRequest request{.inputs = {Of("input", DataType::kFp32, {3, 4}, numbers)}};
  InferResponse texts;
  ASSERT_EQ(to_text->Infer(request, texts), OkStatus());
  EXPECT_EQ(texts.outputs[0].type, DataType::kBytes);
  ASSERT_EQ(texts.outputs[0].strings.size(), 12u);
  EXPECT_EQ(texts.outputs[0].strings[11], "1.5");

  const auto to_number = Load("cast_STRING_to_FLOAT");
  ASSERT_NE(to_number, nullptr);
  InferRequest back{
      .inputs = {{.name = "input", .type = DataType::kBytes, .shape = {3, 4}, .strings = texts.outputs[0].strings}}};
  InferResponse floats;
  ASSERT_EQ(to_number->Infer(back, floats), OkStatus());
  EXPECT_THAT(Floats(floats.outputs[0]), testing::Each(1.5f));

  std::vector<std::string_view> wrong(12, "not a number");
  back.inputs[0].strings = wrong;
  InferResponse none;
  EXPECT_EQ(to_number->Infer(back, none).code(), absl::StatusCode::kInvalidArgument);
}

TEST(OnnxRuntimeTest, HalvesGoInAndOut) {
  const auto runtime = Load("max_float16");
  ASSERT_NE(runtime, nullptr);
  const std::vector<std::uint16_t> a{FloatToHalf(1), FloatToHalf(5), FloatToHalf(-2)},
      b{FloatToHalf(3), FloatToHalf(4), FloatToHalf(-1)};
  InferRequest request{.inputs = {Of("data_0", DataType::kFp16, {3}, a), Of("data_1", DataType::kFp16, {3}, b)}};
  InferResponse response;
  ASSERT_EQ(runtime->Infer(request, response), OkStatus());
  const auto* halves = reinterpret_cast<const std::uint16_t*>(response.outputs[0].data.data());
  EXPECT_EQ(HalfToFloat(halves[0]), 3.0f);
  EXPECT_EQ(HalfToFloat(halves[1]), 5.0f);
  EXPECT_EQ(HalfToFloat(halves[2]), -1.0f);
}

TEST(OnnxRuntimeTest, WrongInputIsAnError) {
  const auto runtime = Load("add");
  ASSERT_NE(runtime, nullptr);
  const std::vector<float> few(3);
  InferResponse response;
  EXPECT_EQ(runtime->Infer({.inputs = {Of("x", DataType::kFp32, {3}, few)}}, response).code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(runtime->Infer({.inputs = {Of("z", DataType::kFp32, {3}, few)}}, response).code(),
            absl::StatusCode::kInvalidArgument);
}

TEST(OnnxRuntimeTest, RefusesWhatIsNoModel) {
  const auto file = std::filesystem::temp_directory_path() / "maru_not_a_model.onnx";
  std::ofstream(file) << "these are not the bytes you are looking for";
  EXPECT_EQ(LoadOnnx(file.string(), {}).status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_FALSE(LoadOnnx("/nowhere/model.onnx", {}).ok());
  EXPECT_EQ(LoadOnnx(Model("identity_sequence"), {}).status().code(), absl::StatusCode::kInvalidArgument);
  std::filesystem::remove(file);
}

TEST(OnnxRuntimeTest, ManyThreadsShareOneModel) {
  const auto runtime = Load("add");
  ASSERT_NE(runtime, nullptr);
  std::vector<std::thread> threads;
  std::atomic<int> wrong{0};
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      const std::vector<float> x(60, static_cast<float>(t)), y(60, 1);
      for (int i = 0; i < 500; ++i) {
        InferResponse response;
        InferRequest request{
            .inputs = {Of("x", DataType::kFp32, {3, 4, 5}, x), Of("y", DataType::kFp32, {3, 4, 5}, y)}};
        if (!runtime->Infer(request, response).ok() || Floats(response.outputs[0])[7] != static_cast<float>(t + 1))
          ++wrong;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0);
}

}  // namespace
}  // namespace maru::serving
