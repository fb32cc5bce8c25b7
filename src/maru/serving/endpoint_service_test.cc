#include "maru/serving/endpoint_service.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <condition_variable>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <map>
#include <mutex>
#include <thread>

#include "maru/sql/test_database.h"

namespace maru::serving {
namespace {

using namespace std::chrono_literals;
namespace fs = std::filesystem;

constexpr char kNodes[] = "/usr/share/libonnx-testdata/data/node/";

// A registry of one model in memory: version "1" adds, "2" multiplies, "3" is broken.
class Registry final : public ModelSource, public ArtifactSource {
 public:
  Result<ResolvedModel> Resolve(const std::string& workspace, const ModelUri& uri) override {
    const std::lock_guard lock(mutex_);
    if (away_) return Unavailable("the registry is away");
    if (uri.name != "calc" || workspace != "default") return NotFound("there is no model \"{}\"", uri.name);
    std::string version = uri.version;
    if (!uri.alias.empty()) {
      if (!aliases_.contains(uri.alias)) return NotFound("there is no alias \"{}\"", uri.alias);
      version = aliases_[uri.alias];
    }
    return ResolvedModel{"calc", version, "test:" + version};
  }
  Result<std::vector<ArtifactFile>> List(const std::string&, const std::string& uri) override {
    if (uri == "test:9") return Unavailable("the store is away");
    return std::vector<ArtifactFile>{{"model.onnx", 1, 1}};
  }
  Status Copy(const std::string&, const std::string& uri, const std::string&, const std::string& to) override {
    ++copies;
    if (uri == "test:3") {
      std::ofstream(to) << "no model";
      return OkStatus();
    }
    fs::copy_file(std::string(kNodes) + (uri == "test:1" ? "test_add" : "test_mul") + "/model.onnx", to);
    return OkStatus();
  }
  void Alias(const std::string& alias, const std::string& version) {
    const std::lock_guard lock(mutex_);
    if (version.empty())
      aliases_.erase(alias);
    else
      aliases_[alias] = version;
  }
  void Away(bool away) {
    const std::lock_guard lock(mutex_);
    away_ = away;
  }
  std::atomic<int> copies{0};

 private:
  std::mutex mutex_;
  std::map<std::string, std::string> aliases_;
  bool away_ = false;
};

bool Eventually(auto&& condition) {
  for (int i = 0; i < 1000; ++i) {
    if (condition()) return true;
    std::this_thread::sleep_for(5ms);
  }
  return false;
}

// A call as a wire makes it: x and y of 60 numbers each; version 1 answers x + y, version 2 x * y.
class Call final : public InferCall {
 public:
  struct Outcome {
    std::mutex mutex;
    std::condition_variable done;
    bool is_done = false;
    Status status;
    float first = 0;
  };
  explicit Call(Outcome& outcome) : outcome_(outcome) {}
  std::size_t size_bytes() const override { return 480; }
  Status Prepare(const ModelMetadata& model) override {
    for (const TensorSpec& spec : model.inputs) {
      const auto numbers = arena.AllocateArray<float>(60);
      std::fill(numbers.begin(), numbers.end(), 3.0f);
      request.inputs.push_back(
          {.name = spec.name, .type = DataType::kFp32, .shape = {3, 4, 5}, .data = std::as_bytes(numbers)});
    }
    return OkStatus();
  }
  void Done() override {
    const std::lock_guard lock(outcome_.mutex);
    outcome_.status = status;
    if (status.ok()) std::memcpy(&outcome_.first, response.outputs[0].data.data(), sizeof(float));
    outcome_.is_done = true;
    outcome_.done.notify_all();
    delete this;
  }

 private:
  Outcome& outcome_;
};

Result<float> Ask(EndpointService& service, const std::string& name = "calc") {
  MARU_ASSIGN_OR_RETURN(RevisionHandle revision, service.ReadyRevision("default", name));
  Call::Outcome outcome;
  Revision::Start(std::move(revision), std::make_unique<Call>(outcome));
  std::unique_lock lock(outcome.mutex);
  outcome.done.wait(lock, [&] { return outcome.is_done; });
  MARU_RETURN_IF_ERROR(outcome.status);
  return outcome.first;
}

class EndpointServiceTest : public testing::Test {
 protected:
  EndpointServiceTest() {
    database_ = *sql::Open("sqlite:" + (folder_ / "test.db"));
    events_ = *events::EventLog::Open(*database_, Clock::System());
    registry_.Alias("champion", "1");
    Open();
  }
  void Open() {
    service_ = *EndpointService::Open(*database_, *events_, Clock::System(), registry_, registry_,
                                      {.cache_folder = folder_ / "cache"});
  }
  void Move(const std::string& version) {
    registry_.Alias("champion", version);
    const std::string payload = R"({"name":"calc","alias":"champion","version":")" + version + "\"}";
    ASSERT_EQ(database_->Write([&](sql::Writer& writer) {
      return events_->Append(writer, caller_, "model_version_alias.created", "model/calc", payload);
    }),
              OkStatus());
    events_->Announce();
  }
  std::string Problem(const std::string& name = "calc") { return service_->Get(caller_, name)->problem; }
  bool Answers(float value) {
    const auto answer = Ask(*service_);
    return answer.ok() && *answer == value;
  }

  const Caller caller_;
  const sql::TempFolder folder_;
  Registry registry_;
  std::unique_ptr<sql::Database> database_;
  std::unique_ptr<events::EventLog> events_;
  std::unique_ptr<EndpointService> service_;
};

TEST_F(EndpointServiceTest, FollowsTheAlias) {
  EXPECT_EQ(Ask(*service_).status().code(), absl::StatusCode::kNotFound);
  ASSERT_TRUE(service_->Create(caller_, {.name = "calc", .model_uri = "models:/calc@champion"}).ok());
  ASSERT_TRUE(Eventually([&] { return Answers(6); }));
  Move("2");
  ASSERT_TRUE(Eventually([&] { return Answers(9); }));

  const auto view = service_->Get(caller_, "calc");
  ASSERT_TRUE(view.ok());
  EXPECT_EQ(view->serving, 2);
  ASSERT_EQ(view->revisions.size(), 2u);
  EXPECT_EQ(view->revisions[0].state, RevisionState::kRetired);
  EXPECT_EQ(view->revisions[1].state, RevisionState::kReady);
  EXPECT_EQ(view->revisions[1].model_version, "2");
  EXPECT_GT(view->stats->requests.load(), 1);

  Move("1");
  ASSERT_TRUE(Eventually([&] { return Answers(6); }));
  EXPECT_EQ(registry_.copies, 2);  // version 1 came from the cache

  const auto events = events_->Read(0, 100, "default", "endpoint.");
  std::vector<std::string> types;
  for (const auto& event : *events) types.push_back(event.type);
  EXPECT_THAT(types, testing::ElementsAre("endpoint.created", "endpoint.revision_ready", "endpoint.revision_ready",
                                          "endpoint.revision_ready"));
}

TEST_F(EndpointServiceTest, ABrokenVersionLeavesTheOldOneServing) {
  ASSERT_TRUE(service_->Create(caller_, {.name = "calc", .model_uri = "models:/calc@champion"}).ok());
  ASSERT_TRUE(Eventually([&] { return Answers(6); }));
  Move("3");
  ASSERT_TRUE(Eventually([&] { return !Problem().empty(); }));
  EXPECT_THAT(Problem(), testing::HasSubstr("version 3"));
  EXPECT_TRUE(Answers(6));
  EXPECT_EQ(service_->Get(caller_, "calc")->revisions.back().state, RevisionState::kFailed);
  Move("2");
  ASSERT_TRUE(Eventually([&] { return Answers(9); }));
  EXPECT_EQ(Problem(), "");
}

TEST_F(EndpointServiceTest, AnAliasThatGoesLeavesTheRevision) {
  ASSERT_TRUE(service_->Create(caller_, {.name = "calc", .model_uri = "models:/calc@champion"}).ok());
  ASSERT_TRUE(Eventually([&] { return Answers(6); }));
  Move("");
  ASSERT_TRUE(Eventually([&] { return !Problem().empty(); }));
  EXPECT_TRUE(Answers(6));
}

TEST_F(EndpointServiceTest, ARestartServesAgainAndCatchesUp) {
  ASSERT_TRUE(service_->Create(caller_, {.name = "calc", .model_uri = "models:/calc@champion"}).ok());
  ASSERT_TRUE(Eventually([&] { return Answers(6); }));
  service_.reset();
  Move("2");  // while nobody is there
  Open();
  ASSERT_TRUE(Eventually([&] { return Answers(9); }));
  service_.reset();
  Open();
  ASSERT_TRUE(Eventually([&] { return Answers(9); }));
  EXPECT_EQ(service_->Get(caller_, "calc")->revisions.size(), 2u);
}

TEST_F(EndpointServiceTest, TransientFailuresAreTriedAgain) {
  registry_.Alias("champion", "9");
  ASSERT_TRUE(service_->Create(caller_, {.name = "calc", .model_uri = "models:/calc@champion"}).ok());
  ASSERT_TRUE(Eventually([&] { return !Problem().empty(); }));
  ASSERT_TRUE(Eventually([&] { return service_->Get(caller_, "calc")->revisions[0].attempts == 2; }));
  const auto refused = Ask(*service_);
  EXPECT_EQ(refused.status().code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(std::string(refused.status().message()), testing::HasSubstr("the store is away"));
}

TEST_F(EndpointServiceTest, CreatesUpdatesAndDeletes) {
  EXPECT_EQ(service_->Create(caller_, {.name = "no spaces", .model_uri = "models:/calc/1"}).status().code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(service_->Create(caller_, {.name = "calc", .model_uri = "calc"}).status().code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(service_->Create(caller_, {.name = "calc", .model_uri = "models:/other/1"}).status().code(),
            absl::StatusCode::kNotFound);
  ASSERT_TRUE(service_->Create(caller_, {.name = "calc", .model_uri = "models:/calc/1"}).ok());
  EXPECT_EQ(service_->Create(caller_, {.name = "calc", .model_uri = "models:/calc/1"}).status().code(),
            absl::StatusCode::kAlreadyExists);
  ASSERT_TRUE(Eventually([&] { return Answers(6); }));
  ASSERT_TRUE(service_->Update(caller_, "calc", {.model_uri = "models:/calc/2"}).ok());
  ASSERT_TRUE(Eventually([&] { return Answers(9); }));
  ASSERT_TRUE(service_->Update(caller_, "calc", {.settings = EndpointSettings{.threads = 2}}).ok());
  ASSERT_TRUE(Eventually([&] { return service_->Get(caller_, "calc")->serving == 3; }));
  EXPECT_EQ(service_->List(caller_)->size(), 1u);
  EXPECT_TRUE(service_->List({.workspace = "elsewhere"})->empty());
  EXPECT_EQ(service_->ReadyRevision("elsewhere", "calc").status().code(), absl::StatusCode::kNotFound);
  ASSERT_EQ(service_->Delete(caller_, "calc"), OkStatus());
  EXPECT_EQ(Ask(*service_).status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(service_->Delete(caller_, "calc").code(), absl::StatusCode::kNotFound);
}

TEST_F(EndpointServiceTest, MovingTheAliasUnderLoadLosesNoCall) {
  ASSERT_TRUE(service_->Create(caller_, {.name = "calc", .model_uri = "models:/calc@champion"}).ok());
  ASSERT_TRUE(Eventually([&] { return Answers(6); }));
  std::atomic<bool> stop{false};
  std::atomic<int> calls{0}, wrong{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 16; ++t) {
    threads.emplace_back([&] {
      while (!stop) {
        const auto answer = Ask(*service_);
        ++calls;
        if (!answer.ok() || (*answer != 6 && *answer != 9)) ++wrong;
      }
    });
  }
  for (int i = 0; i < 6; ++i) {
    const bool second = i % 2 == 0;
    Move(second ? "2" : "1");
    EXPECT_TRUE(Eventually([&] { return Answers(second ? 9 : 6); }));
  }
  EXPECT_TRUE(Eventually([&] { return calls > 5'000; }));
  stop = true;
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0);
}

}  // namespace
}  // namespace maru::serving
