// An inference request of the KServe v2 protocol, as JSON or with Triton's binary tensor extension.
// https://kserve.github.io/website/latest/modelserving/data_plane/v2_protocol/
// https://github.com/triton-inference-server/server/blob/main/docs/protocol/extension_binary_data.md
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "maru/base/status.h"
#include "maru/serving/arena.h"
#include "maru/serving/model_metadata.h"
#include "maru/serving/runtime.h"

namespace maru::api::kserve {

// How one output is wanted.
struct OutputWish {
  std::string_view name;
  bool binary = false;
  std::int64_t classes = 0;  // Triton's classification extension: the best so many, as texts; 0 for the tensor itself
};

struct InferWishes {
  std::string_view id;
  std::vector<OutputWish> outputs;  // empty: all, as `binary` says
  bool binary = false;

  void Clear() {
    id = {};
    outputs.clear();
    binary = false;
  }
};

// Fills `request` and `wishes` from `body`, of which the first `json_bytes` are JSON and the rest raw tensors; without
// `json_bytes` all of it is JSON. Tensors point into `body` where they can and into `arena` otherwise; names point into
// `model` or `arena`. All three must stay.
// kInvalidArgument for everything that does not add up; nothing larger than the body is ever allocated for a claim.
Status DecodeInfer(std::string_view body, std::optional<std::size_t> json_bytes, const serving::ModelMetadata& model,
                   serving::Arena& arena, serving::InferRequest& request, InferWishes& wishes);

}  // namespace maru::api::kserve
