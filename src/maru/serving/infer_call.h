// One prediction on its way: the wire fills it, a revision answers it, the wire takes it back in Done.
#pragma once

#include <cstdint>

#include "maru/base/status.h"
#include "maru/serving/arena.h"
#include "maru/serving/runtime.h"

namespace maru::serving {

// Owned by whoever holds it: the wire until Revision::Start, the revision until Done.
class InferCall {
 public:
  virtual ~InferCall() = default;

  // Fills `request`, on the thread that will run the model. An error ends the call.
  virtual Status Prepare(const ModelMetadata& model) = 0;
  // Of what Prepare has to go through: large calls are kept off the I/O threads.
  virtual std::size_t size_bytes() const = 0;

  // Called exactly once, on the thread that ran the model; the call owns itself again and usually ends here.
  virtual void Done() = 0;

  // For runtimes that understand MLflow's scoring protocol themselves: the body to pass on, instead of tensors.
  bool raw = false;
  std::string_view raw_content_type;
  std::string_view raw_body;
  RawReply raw_reply;

  Arena arena;  // what the request's tensors point into, where they do not point into the body
  InferRequest request;
  InferResponse response;
  Status status;
  std::int64_t started_ns = 0;  // Clock::MonotonicNs, set by Start
};

}  // namespace maru::serving
