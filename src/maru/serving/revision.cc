#include "maru/serving/revision.h"

#include <algorithm>

#include "maru/serving/check_inputs.h"

namespace maru::serving {

Revision::Revision(RevisionOptions options, std::unique_ptr<Runtime> runtime, runtime::ThreadPool* shared_pool,
                   std::shared_ptr<LiveStats> stats, const Clock* clock)
    : options_(std::move(options)),
      runtime_(std::move(runtime)),
      stats_(std::move(stats)),
      clock_(clock),
      pool_(shared_pool) {
  if (!runtime_->in_process()) {
    own_pool_ = std::make_unique<runtime::ThreadPool>(
        runtime::ThreadPoolOptions{.name = "child",
                                   .threads_max = static_cast<std::size_t>(std::max(1, runtime_->concurrency())),
                                   .queue_max = options_.queue_max});
    pool_ = own_pool_.get();
  }
}

void Revision::Start(RevisionHandle self, std::unique_ptr<InferCall> call) {
  Revision& revision = *self;
  call->started_ns = revision.clock_->MonotonicNs();
  if (call->request.deadline_ns == 0) {
    call->request.deadline_ns = call->started_ns + revision.options_.timeout_ms * 1'000'000;
  }
  revision.stats_->in_flight.fetch_add(1, std::memory_order_relaxed);

  if (!call->raw && RunsInline({}, revision.runtime_->in_process(), revision.typical_.ns(), call->size_bytes())) {
    revision.Run(*call);
    revision.Finish(*call.release());
    return;
  }
  if (revision.waiting_.fetch_add(1, std::memory_order_relaxed) >= revision.options_.queue_max) {
    revision.waiting_.fetch_sub(1, std::memory_order_relaxed);
    call->status = Unavailable("the endpoint's queue of {} calls is full; try again", revision.options_.queue_max);
    revision.Finish(*call.release());
    return;
  }
  InferCall* const raw_call = call.release();  // std::function copies, so it cannot own
  const bool taken = revision.pool_->TrySubmit([self, raw_call]() mutable {
    self->Run(*raw_call);
    self->waiting_.fetch_sub(1, std::memory_order_relaxed);
    self->Finish(*raw_call);
  });
  if (taken) return;
  revision.waiting_.fetch_sub(1, std::memory_order_relaxed);
  raw_call->status = Unavailable("the server has too many calls waiting; try again");
  revision.Finish(*raw_call);
}

void Revision::Run(InferCall& call) {
  const std::int64_t begin = clock_->MonotonicNs();
  if (begin >= call.request.deadline_ns) {
    call.status = DeadlineExceeded("the call waited for its turn until its deadline was over");
    return;
  }
  call.status = call.Prepare(runtime_->metadata());
  if (!call.status.ok()) return;
  if (call.raw) {
    Result<RawReply> reply = runtime_->Invoke(call.raw_content_type, call.raw_body, call.request.deadline_ns);
    call.status = reply.status();
    if (reply.ok()) call.raw_reply = *std::move(reply);
  } else {
    call.status = CheckInputs(runtime_->metadata(), call.request);
    if (!call.status.ok()) return;
    call.status = runtime_->Infer(call.request, call.response);
  }
  typical_.Add(clock_->MonotonicNs() - begin);
}

void Revision::Finish(InferCall& call) {
  const std::int64_t took = clock_->MonotonicNs() - call.started_ns;
  stats_->in_flight.fetch_sub(1, std::memory_order_relaxed);
  stats_->requests.fetch_add(1, std::memory_order_relaxed);
  stats_->last_request_ms.store(clock_->NowMs(), std::memory_order_relaxed);
  stats_->latency.Add(took);
  const bool refused = call.raw && call.raw_reply.status >= 400;
  if (!call.status.ok() || refused) {
    stats_->errors.fetch_add(1, std::memory_order_relaxed);
    if (refused ? call.raw_reply.status >= 500 : !IsCallersFault(call.status)) {
      stats_->failures.fetch_add(1, std::memory_order_relaxed);
    }
  }
  call.Done();
}

void Revision::WarmUp() {
  if (!metadata().inputs_known) return;
  Arena arena;
  for (int i = 0; i < 3; ++i) {  // the first run allocates, the later ones are typical
    arena.Reset();
    InferRequest request;
    for (const TensorSpec& spec : metadata().inputs) {
      Tensor& tensor = request.inputs.emplace_back();
      tensor.name = spec.name;
      tensor.type = spec.type;
      tensor.shape = spec.shape;
      for (std::int64_t& dimension : tensor.shape) dimension = dimension < 0 ? 1 : dimension;
      const auto count = ElementCount(tensor.shape);
      if (!count.ok() || *count > 64 * 1024 * 1024) return;
      if (tensor.type == DataType::kBytes) {
        const auto strings = arena.AllocateArray<std::string_view>(static_cast<std::size_t>(*count));
        std::fill(strings.begin(), strings.end(), std::string_view());
        tensor.strings = strings;
      } else {
        const auto bytes = arena.AllocateArray<std::byte>(static_cast<std::size_t>(*count) * ElementBytes(tensor.type));
        std::fill(bytes.begin(), bytes.end(), std::byte{0});
        tensor.data = bytes;
      }
    }
    request.deadline_ns = clock_->MonotonicNs() + options_.timeout_ms * 1'000'000;
    InferResponse response;
    const std::int64_t begin = clock_->MonotonicNs();
    if (!runtime_->Infer(request, response).ok()) return;
    if (i > 0) typical_.Add(clock_->MonotonicNs() - begin);
  }
}

void CountRefused(LiveStats& stats, const Clock& clock) {
  stats.requests.fetch_add(1, std::memory_order_relaxed);
  stats.errors.fetch_add(1, std::memory_order_relaxed);
  stats.failures.fetch_add(1, std::memory_order_relaxed);
  stats.last_request_ms.store(clock.NowMs(), std::memory_order_relaxed);
}

bool IsCallersFault(const Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kInvalidArgument:
    case absl::StatusCode::kNotFound:
    case absl::StatusCode::kOutOfRange:
    case absl::StatusCode::kUnimplemented:
    case absl::StatusCode::kPermissionDenied:
    case absl::StatusCode::kUnauthenticated:
      return true;
    default:
      return false;
  }
}

}  // namespace maru::serving
