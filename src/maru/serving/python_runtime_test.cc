#include "maru/serving/python_runtime.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <cstring>
#include <fstream>
#include <thread>

#include "maru/runtime/child_process.h"
#include "maru/serving/worker_files.h"
#include "maru/sql/test_database.h"

namespace maru::serving {
namespace {

using namespace std::chrono_literals;

// The real frames and a real process, with a model that needs nothing but Python itself: it doubles FP32 numbers, and
// the first of them can ask for trouble.
constexpr char kModel[] = R"(
import array, os, socket, sys, time
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import frames

connection = frames.Connection(socket.socket(fileno=3))
if os.path.exists(os.path.join(sys.argv[1], "broken")):
    print("the weights are gone")
    connection.send({"ok": False, "code": "LOAD", "message": "no weights"})
    sys.exit(1)
connection.send({"ok": True})
while (frame := connection.receive()) is not None:
    header, payload = frame
    numbers = array.array("f", bytes(payload[: header["inputs"][0]["bytes"]]))
    if numbers[0] == -1: os._exit(3)
    if numbers[0] == -2: time.sleep(60)
    if numbers[0] == -3: connection.send({"ok": False, "code": "INVALID", "message": "negative"}); continue
    if numbers[0] == -4: connection.send({"ok": True, "outputs": [{"name": "y", "datatype": "FP32", "shape": [1 << 40], "bytes": 4}]}, [b"1234"]); continue
    if numbers[0] == -5: numbers[0] = os.getpid() / 2
    doubled = array.array("f", [2 * n for n in numbers]).tobytes()
    connection.send({"ok": True, "outputs": [{"name": "y", "datatype": "FP32", "shape": [len(numbers)], "bytes": len(doubled)}]}, [doubled])
)";

class PythonRuntimeTest : public testing::Test {
 protected:
  PythonRuntimeTest() {
    const auto worker = UnpackWorker(folder_ / "real");
    std::filesystem::create_directories(folder_ / "model");
    std::filesystem::copy(*worker, folder_ / "worker");
    std::ofstream(folder_ / "worker/__main__.py") << kModel;
  }

  Result<std::unique_ptr<Runtime>> Start(int workers = 1) {
    return StartPython({.folder = folder_ / "model"},
                       {.interpreter = "python3", .scripts = folder_ / "worker", .label = "test", .workers = workers},
                       Clock::System(), cancelled_);
  }

  static Result<std::vector<float>> Ask(Runtime& runtime, std::vector<float> numbers,
                                        std::chrono::milliseconds limit = 10s) {
    InferRequest request;
    request.inputs.push_back({.name = "x",
                              .type = DataType::kFp32,
                              .shape = {static_cast<std::int64_t>(numbers.size())},
                              .data = std::as_bytes(std::span(numbers))});
    request.deadline_ns = Clock::System()->MonotonicNs() + std::chrono::nanoseconds(limit).count();
    InferResponse response;
    MARU_RETURN_IF_ERROR(runtime.Infer(request, response));
    std::vector<float> answer(response.outputs.at(0).data.size() / sizeof(float));
    std::memcpy(answer.data(), response.outputs[0].data.data(), response.outputs[0].data.size());
    return answer;
  }

  const sql::TempFolder folder_;
  std::atomic<bool> cancelled_{false};
};

TEST_F(PythonRuntimeTest, Answers) {
  const auto runtime = Start();
  ASSERT_TRUE(runtime.ok()) << runtime.status();
  EXPECT_THAT(*Ask(**runtime, {1, 2.5}), testing::ElementsAre(2, 5));
  EXPECT_EQ(Ask(**runtime, {-3}).status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(Ask(**runtime, {-4}).status().code(), absl::StatusCode::kInternal);
  EXPECT_THAT(*Ask(**runtime, {3}), testing::ElementsAre(6));
}

TEST_F(PythonRuntimeTest, LargeTensorsPassThroughTheSocketsBuffer) {
  const auto runtime = Start();
  ASSERT_TRUE(runtime.ok()) << runtime.status();
  const std::vector<float> many(1'000'000, 1.5f);
  const auto answer = Ask(**runtime, many);
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_EQ(answer->size(), many.size());
  EXPECT_EQ(answer->back(), 3.0f);
}

TEST_F(PythonRuntimeTest, AKilledWorkerCostsARestartAndNoCall) {
  const auto runtime = Start();
  ASSERT_TRUE(runtime.ok()) << runtime.status();
  for (int round = 0; round < 3; ++round) {
    const auto pid = static_cast<pid_t>((*Ask(**runtime, {-5}))[0]);
    ASSERT_GT(pid, 0);
    kill(pid, SIGKILL);
    EXPECT_THAT(*Ask(**runtime, {4}), testing::ElementsAre(8));
  }
}

TEST_F(PythonRuntimeTest, ACallThatKillsWorkersIsGivenUp) {
  const auto runtime = Start();
  ASSERT_TRUE(runtime.ok()) << runtime.status();
  EXPECT_EQ(Ask(**runtime, {-1}).status().code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(*Ask(**runtime, {4}), testing::ElementsAre(8));
}

TEST_F(PythonRuntimeTest, AStuckCallEndsAtItsDeadline) {
  const auto runtime = Start();
  ASSERT_TRUE(runtime.ok()) << runtime.status();
  EXPECT_EQ(Ask(**runtime, {-2}, 300ms).status().code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_THAT(*Ask(**runtime, {4}), testing::ElementsAre(8));
}

TEST_F(PythonRuntimeTest, WorkersShareTheLoad) {
  const auto runtime = Start(2);
  ASSERT_TRUE(runtime.ok()) << runtime.status();
  std::atomic<int> good{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 50; ++i) {
        const auto answer = Ask(**runtime, {7});
        if (answer.ok() && (*answer)[0] == 14) ++good;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(good, 200);
}

TEST_F(PythonRuntimeTest, AModelThatDoesNotLoadSaysWhy) {
  std::ofstream(folder_ / "model/broken") << "";
  const auto runtime = Start();
  EXPECT_EQ(runtime.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(runtime.status().message()), testing::HasSubstr("no weights"));
}

TEST_F(PythonRuntimeTest, AStartCanBeCancelled) {
  std::ofstream(folder_ / "worker/__main__.py") << "import time; time.sleep(60)";
  std::thread canceller([&] {
    std::this_thread::sleep_for(100ms);
    cancelled_ = true;
  });
  EXPECT_EQ(Start().status().code(), absl::StatusCode::kCancelled);
  canceller.join();
}

TEST(RestartDelayTest, GrowsToHalfAMinute) {
  EXPECT_EQ(RestartDelay(0), 0ms);
  EXPECT_EQ(RestartDelay(1), 100ms);
  EXPECT_EQ(RestartDelay(3), 400ms);
  EXPECT_EQ(RestartDelay(99), 30s);
}

}  // namespace
}  // namespace maru::serving
