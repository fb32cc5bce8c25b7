// What executes a model. One Runtime is one loaded model version; unloading is its destruction.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "maru/base/status.h"
#include "maru/serving/model_metadata.h"
#include "maru/serving/tensor.h"

namespace maru::serving {

struct InferRequest {
  std::vector<Tensor> inputs;
  std::vector<std::string_view> outputs;  // names of those wanted; empty means all
  std::int64_t deadline_ns = 0;           // of Clock::MonotonicNs; 0 is none
};

// Outputs and whatever keeps their memory alive.
class InferResponse {
 public:
  InferResponse() = default;
  InferResponse(const InferResponse&) = delete;
  InferResponse& operator=(const InferResponse&) = delete;
  ~InferResponse() { Clear(); }

  std::vector<Tensor> outputs;

  // `release(owned)` is called when the response is cleared or destroyed.
  void Keep(void* owned, void (*release)(void*)) { kept_.push_back({owned, release}); }
  template <typename T>
  T& Own(std::unique_ptr<T> object) {
    T& result = *object;
    Keep(object.release(), [](void* owned) { delete static_cast<T*>(owned); });
    return result;
  }

  void Clear() {
    outputs.clear();
    for (const Kept& kept : kept_) kept.release(kept.owned);
    kept_.clear();
  }

 private:
  struct Kept {
    void* owned;
    void (*release)(void*);
  };
  std::vector<Kept> kept_;
};

// A request of MLflow's scoring protocol that the runtime understands itself.
struct RawReply {
  int status = 200;
  std::string content_type;
  std::string body;
};

class Runtime {
 public:
  virtual ~Runtime() = default;  // frees the model; may block for seconds

  virtual const ModelMetadata& metadata() const = 0;

  // Runs the model. Inputs have been checked against the metadata. Blocks; thread-safe up to `concurrency` calls.
  // The request's memory must stay until this returns; the response's outlives the call, not the runtime.
  // Errors: kInvalidArgument when the model refuses the values, kDeadlineExceeded, kUnavailable when its process died.
  virtual Status Infer(const InferRequest& request, InferResponse& response) = 0;

  // Answers a body of MLflow's /invocations as the model's own library does. kUnimplemented where the runtime has no
  // idea of data frames; then the wire translates the body into tensors.
  virtual Result<RawReply> Invoke(std::string_view content_type, std::string_view body, std::int64_t deadline_ns) = 0;

  // Calls that make sense at the same time.
  virtual int concurrency() const = 0;
  // Whether a call computes on the calling thread and nothing else, so that a short one may run on an I/O thread.
  virtual bool in_process() const = 0;
};

}  // namespace maru::serving
