#include "maru/serving/python_runtime.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <condition_variable>
#include <cstring>
#include <mutex>
#include <thread>

#include "maru/json/json.h"
#include "maru/serving/worker_connection.h"

namespace maru::serving {

// The headers of frames; see python/maru_worker.
struct SentTensorHeader {
  std::string name, datatype;
  std::vector<std::int64_t> shape;
  std::int64_t bytes = 0;
};
BOOST_DESCRIBE_STRUCT(SentTensorHeader, (), (name, datatype, shape, bytes))

struct InferHeader {
  std::string op = "infer";
  std::vector<SentTensorHeader> inputs;
  std::vector<std::string> outputs;
};
BOOST_DESCRIBE_STRUCT(InferHeader, (), (op, inputs, outputs))

struct InvokeHeader {
  std::string op = "invoke";
  std::string content_type;
};
BOOST_DESCRIBE_STRUCT(InvokeHeader, (), (op, content_type))

struct ReplyHeader {
  bool ok = false;
  std::string code, message;              // when not ok
  std::vector<SentTensorHeader> outputs;  // of infer
  std::int64_t status = 200;              // of invoke
  std::string content_type;
};
BOOST_DESCRIBE_STRUCT(ReplyHeader, (), (ok, code, message, outputs, status, content_type))

namespace {

constexpr std::size_t kPadding = 8;

// What the tensors of a reply point into.
struct ReplyMemory {
  WorkerReply reply;
  ReplyHeader header;
  std::vector<std::vector<std::string_view>> strings;
};

struct Slot {
  std::unique_ptr<WorkerConnection> worker;  // null while it is being started
  bool busy = false;
  int deaths = 0;
  std::int64_t start_at_ns = 0;
};

ModelMetadata Describe(const Signature& signature) {
  ModelMetadata metadata{.platform = "mlflow_pyfunc"};
  metadata.inputs_known = signature.inputs.known;
  metadata.columns = signature.inputs.known && !signature.inputs.tensors;
  if (signature.inputs.known) metadata.inputs = signature.inputs.fields;
  for (TensorSpec& spec : metadata.inputs) {
    if (spec.name.empty()) spec.name = "input";
  }
  // A signature's outputs are what one example gave; what comes out of predict may differ in form.
  metadata.outputs_known = false;
  if (signature.outputs.known) metadata.outputs = signature.outputs.fields;
  for (TensorSpec& spec : metadata.outputs) {
    if (spec.name.empty()) spec.name = "predictions";
  }
  return metadata;
}

class PythonRuntime final : public Runtime {
 public:
  PythonRuntime(const ModelPackage& package, PythonRuntimeOptions options, const Clock* clock)
      : folder_(package.folder.string()),
        options_(std::move(options)),
        clock_(clock),
        metadata_(Describe(package.signature)),
        slots_(static_cast<std::size_t>(options_.workers)) {}

  ~PythonRuntime() override {
    stopping_ = true;
    {
      const std::lock_guard lock(mutex_);
      for (Slot& slot : slots_) {
        if (slot.worker != nullptr) slot.worker->Kill();
      }
    }
    changed_.notify_all();
    if (supervisor_.joinable()) supervisor_.join();
  }

  Status Load(const std::atomic<bool>& cancelled) {
    for (Slot& slot : slots_) {
      MARU_ASSIGN_OR_RETURN(slot.worker, StartWorker(cancelled));
    }
    supervisor_ = std::thread([this] { Supervise(); });
    return OkStatus();
  }

  const ModelMetadata& metadata() const override { return metadata_; }
  int concurrency() const override { return options_.workers; }
  bool in_process() const override { return false; }

  Status Infer(const InferRequest& request, InferResponse& response) override {
    InferHeader header;
    std::vector<std::string_view> pieces;
    std::vector<std::string> packed;  // texts, in the wire's form
    packed.reserve(request.inputs.size());
    static constexpr char kZeros[kPadding] = {};
    for (const Tensor& tensor : request.inputs) {
      std::string_view data(reinterpret_cast<const char*>(tensor.data.data()), tensor.data.size());
      if (tensor.type == DataType::kBytes) data = packed.emplace_back(Pack(tensor.strings));
      header.inputs.push_back({std::string(tensor.name),
                               std::string(DataTypeName(tensor.type)),
                               {tensor.shape.begin(), tensor.shape.end()},
                               static_cast<std::int64_t>(data.size())});
      pieces.push_back(data);
      pieces.emplace_back(kZeros, (kPadding - data.size() % kPadding) % kPadding);
    }
    header.outputs.assign(request.outputs.begin(), request.outputs.end());
    MARU_ASSIGN_OR_RETURN(WorkerReply reply, Exchange(json::Encode(header), pieces, request.deadline_ns));
    auto memory = std::make_unique<ReplyMemory>();
    memory->reply = std::move(reply);
    MARU_ASSIGN_OR_RETURN(memory->header, ReadHeader(memory->reply));
    return Unpack(response.Own(std::move(memory)), response);
  }

  Result<RawReply> Invoke(std::string_view content_type, std::string_view body, std::int64_t deadline_ns) override {
    const InvokeHeader header{.content_type = std::string(content_type)};
    MARU_ASSIGN_OR_RETURN(const WorkerReply reply, Exchange(json::Encode(header), {&body, 1}, deadline_ns));
    MARU_ASSIGN_OR_RETURN(ReplyHeader answer, ReadHeader(reply));
    return RawReply{.status = static_cast<int>(answer.status),
                    .content_type = std::move(answer.content_type),
                    .body = std::string(reinterpret_cast<const char*>(reply.payload.get()), reply.payload_bytes)};
  }

 private:
  Result<std::unique_ptr<WorkerConnection>> StartWorker(const std::atomic<bool>& cancelled) {
    MARU_ASSIGN_OR_RETURN(auto worker,
                          WorkerConnection::Start({.argv = {options_.interpreter, options_.scripts.string(), folder_},
                                                   .label = options_.label,
                                                   .on_exit = [this] { Wake(); }},
                                                  clock_));
    const std::int64_t deadline = clock_->MonotonicNs() + std::chrono::nanoseconds(options_.start_timeout).count();
    const Result<WorkerReply> hello = worker->Receive(deadline, &cancelled);
    if (!hello.ok()) {
      if (absl::IsCancelled(hello.status())) return hello.status();
      worker->WaitForEnd(std::chrono::milliseconds(500));  // its last words may still be on their way
      return FailedPrecondition("the model's worker did not start: {}\n{}", std::string(hello.status().message()),
                                worker->LastWords());
    }
    const auto said = ReadHeader(*hello);
    if (!said.ok()) return FailedPrecondition("the model cannot be loaded: {}", std::string(said.status().message()));
    return worker;
  }

  void Wake() {
    {
      const std::lock_guard lock(mutex_);
    }
    changed_.notify_all();
  }

  // Starts workers again that died, in a call or on their own.
  void Supervise() {
    pthread_setname_np(pthread_self(), "supervisor");
    std::unique_lock lock(mutex_);
    while (!stopping_) {
      std::int64_t next_ns = clock_->MonotonicNs() + 3'600'000'000'000;
      for (Slot& slot : slots_) {
        if (slot.busy) continue;
        if (slot.worker != nullptr && !slot.worker->running()) Bury(slot);
        if (slot.worker != nullptr) continue;
        if (clock_->MonotonicNs() < slot.start_at_ns) {
          next_ns = std::min(next_ns, slot.start_at_ns);
          continue;
        }
        Restart(slot, lock);
        if (stopping_) return;
        next_ns = clock_->MonotonicNs();  // others may have died meanwhile
      }
      const std::int64_t wait_ns = std::max<std::int64_t>(next_ns - clock_->MonotonicNs(), 0);
      if (wait_ns > 0) changed_.wait_for(lock, std::chrono::nanoseconds(wait_ns));
    }
  }

  // Needs the lock, which it gives away while the worker starts.
  void Restart(Slot& slot, std::unique_lock<std::mutex>& lock) {
    slot.busy = true;
    lock.unlock();
    auto started = StartWorker(stopping_);
    lock.lock();
    slot.busy = false;
    if (started.ok()) {
      slot.worker = *std::move(started);
      last_error_.clear();
      spdlog::info("{}: worker started again", options_.label);
    } else if (!stopping_) {
      last_error_ = std::string(started.status().message());
      spdlog::warn("{}: {}", options_.label, last_error_);
      ++slot.deaths;
      slot.start_at_ns = clock_->MonotonicNs() + std::chrono::nanoseconds(RestartDelay(slot.deaths)).count();
    }
    changed_.notify_all();
  }

  // Needs the lock.
  void Bury(Slot& slot) {
    spdlog::warn("{}: worker {} died", options_.label, slot.worker->pid());
    graves_.push_back(std::move(slot.worker));
    slot.start_at_ns = clock_->MonotonicNs() + std::chrono::nanoseconds(RestartDelay(slot.deaths)).count();
    ++slot.deaths;
  }

  Result<Slot*> Acquire(std::int64_t deadline_ns) {
    std::vector<std::unique_ptr<WorkerConnection>> graves;
    std::unique_lock lock(mutex_);
    graves.swap(graves_);
    while (true) {
      bool alive = false;
      for (Slot& slot : slots_) {
        if (slot.worker == nullptr) continue;
        alive = true;
        if (slot.busy || !slot.worker->running()) continue;
        slot.busy = true;
        return &slot;
      }
      const std::int64_t left = deadline_ns - clock_->MonotonicNs();
      if (left <= 0) {
        if (alive) return DeadlineExceeded("every worker of the model was busy until the call's deadline");
        return Unavailable("the model's worker is being started again{}{}", last_error_.empty() ? "" : ": ",
                           last_error_);
      }
      changed_.wait_for(lock, std::chrono::nanoseconds(left));
    }
  }

  void Release(Slot& slot, const Status& status) {
    {
      const std::lock_guard lock(mutex_);
      slot.busy = false;
      if (status.ok()) {
        slot.deaths = 0;
      } else {
        slot.worker->Kill();  // the connection is in an unknown state, or Python is stuck
        Bury(slot);
      }
    }
    changed_.notify_all();
  }

  Result<WorkerReply> Exchange(const std::string& header, std::span<const std::string_view> pieces,
                               std::int64_t deadline_ns) {
    for (int attempt = 0;; ++attempt) {
      MARU_ASSIGN_OR_RETURN(Slot * slot, Acquire(deadline_ns));
      Status status = slot->worker->Send(header, pieces, deadline_ns);
      Result<WorkerReply> reply = status.ok() ? slot->worker->Receive(deadline_ns) : Result<WorkerReply>(status);
      Release(*slot, reply.status());
      // Predictions change nothing, so one that died with its worker can be asked again; but one that kills workers
      // must not go round for ever.
      if (reply.ok() || !absl::IsUnavailable(reply.status()) || attempt == 1) return reply;
    }
  }

  static Result<ReplyHeader> ReadHeader(const WorkerReply& reply) {
    MARU_ASSIGN_OR_RETURN(ReplyHeader header, json::Decode<ReplyHeader>(reply.header));
    if (header.ok) return header;
    if (header.code == "INVALID") return InvalidArgument("{}", header.message);
    return FailedPrecondition("{}", header.message);
  }

  static std::string Pack(std::span<const std::string_view> strings) {
    std::string packed;
    for (const std::string_view text : strings) {
      const auto length = static_cast<std::uint32_t>(text.size());
      packed.append(reinterpret_cast<const char*>(&length), sizeof(length));
      packed += text;
    }
    return packed;
  }

  // The worker runs other people's code, so its frames are checked like anybody's.
  static Status Unpack(ReplyMemory& memory, InferResponse& response) {
    const Status nonsense = Internal("the model's worker sent tensors that do not add up");
    std::string_view rest(reinterpret_cast<const char*>(memory.reply.payload.get()), memory.reply.payload_bytes);
    memory.strings.reserve(memory.header.outputs.size());
    for (const SentTensorHeader& sent : memory.header.outputs) {
      const auto type = DataTypeFromName(sent.datatype);
      const auto count = ElementCount(sent.shape);
      if (!type || !count.ok() || sent.bytes < 0 || static_cast<std::size_t>(sent.bytes) > rest.size()) return nonsense;
      std::string_view data = rest.substr(0, static_cast<std::size_t>(sent.bytes));
      rest.remove_prefix(std::min(rest.size(), (data.size() + kPadding - 1) / kPadding * kPadding));
      Tensor& tensor = response.outputs.emplace_back();
      tensor.name = sent.name;
      tensor.type = *type;
      tensor.shape.assign(sent.shape.begin(), sent.shape.end());
      if (*type != DataType::kBytes) {
        if (data.size() / ElementBytes(*type) != static_cast<std::size_t>(*count)) return nonsense;
        tensor.data = std::as_bytes(std::span(data.data(), data.size()));
        continue;
      }
      std::vector<std::string_view>& strings = memory.strings.emplace_back();
      while (data.size() >= 4) {
        std::uint32_t length = 0;
        std::memcpy(&length, data.data(), 4);
        if (length > data.size() - 4) return nonsense;
        strings.push_back(data.substr(4, length));
        data.remove_prefix(4 + length);
      }
      if (strings.size() != static_cast<std::size_t>(*count)) return nonsense;
      tensor.strings = strings;
    }
    return OkStatus();
  }

  const std::string folder_;
  const PythonRuntimeOptions options_;
  const Clock* const clock_;
  const ModelMetadata metadata_;

  std::atomic<bool> stopping_{false};
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Slot> slots_;
  std::vector<std::unique_ptr<WorkerConnection>> graves_;  // dead ones, not yet cleared away
  std::string last_error_;
  std::thread supervisor_;
};

}  // namespace

std::chrono::milliseconds RestartDelay(int deaths) {
  if (deaths <= 0) return std::chrono::milliseconds(0);
  return std::chrono::milliseconds(std::min<std::int64_t>(30'000, std::int64_t{100} << std::min(deaths - 1, 20)));
}

Result<std::unique_ptr<Runtime>> StartPython(const ModelPackage& package, PythonRuntimeOptions options,
                                             const Clock* clock, const std::atomic<bool>& cancelled) {
  auto runtime = std::make_unique<PythonRuntime>(package, std::move(options), clock);
  MARU_RETURN_IF_ERROR(runtime->Load(cancelled));
  return runtime;
}

}  // namespace maru::serving
