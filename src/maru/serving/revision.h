// One deployed model version, loaded and ready: what a handle points at.
//
// A RevisionHandle keeps its revision loaded. The endpoint swaps which revision new calls get; calls under way keep the
// one that they have, and the last handle to go hands the revision over for unloading on a thread that may block.
// Threads: thread-safe.
#pragma once

#include <atomic>
#include <memory>
#include <string>

#include "maru/base/clock.h"
#include "maru/runtime/thread_pool.h"
#include "maru/serving/dispatch.h"
#include "maru/serving/infer_call.h"
#include "maru/serving/live_stats.h"
#include "maru/serving/runtime.h"
#include "maru/serving/signature.h"

namespace maru::serving {

class Revision;
using RevisionHandle = std::shared_ptr<Revision>;

struct RevisionOptions {
  std::int64_t number = 0;
  std::string model_name;
  std::string model_version;
  Signature signature;
  std::size_t queue_max = 1024;      // calls waiting or running; beyond it they are refused at once
  std::int64_t timeout_ms = 60'000;  // of a call that brings no deadline of its own
};

class Revision {
 public:
  // `shared_pool` runs in-process models that are too slow for the I/O threads; runtimes in other processes get a pool
  // of their own, so that a slow one holds up nobody else. `stats` belong to the endpoint.
  Revision(RevisionOptions options, std::unique_ptr<Runtime> runtime, runtime::ThreadPool* shared_pool,
           std::shared_ptr<LiveStats> stats, const Clock* clock);

  const RevisionOptions& options() const { return options_; }
  const ModelMetadata& metadata() const { return runtime_->metadata(); }
  Runtime& runtime() { return *runtime_; }

  // Answers `call`: runs it here or on a pool, fills response or status, counts it, and calls Done. `self` is this
  // revision's handle; it is held until Done has returned.
  static void Start(RevisionHandle self, std::unique_ptr<InferCall> call);

  // Runs the model once with zeros, where its inputs are known, so that the first caller does not pay for what is
  // done on first use. What the model says about zeros does not matter.
  void WarmUp();

 private:
  void Run(InferCall& call);
  void Finish(InferCall& call);

  const RevisionOptions options_;
  const std::unique_ptr<Runtime> runtime_;
  const std::shared_ptr<LiveStats> stats_;
  const Clock* const clock_;
  TypicalTime typical_;
  std::atomic<std::size_t> waiting_{0};
  std::unique_ptr<runtime::ThreadPool> own_pool_;  // last: its calls use everything above
  runtime::ThreadPool* pool_;
};

// Counts calls that never reached a revision, so that an endpoint without one shows its refusals.
void CountRefused(LiveStats& stats, const Clock& clock);

// True for statuses that are the caller's doing rather than the server's.
bool IsCallersFault(const Status& status);

}  // namespace maru::serving
