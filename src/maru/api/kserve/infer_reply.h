// An inference response of the KServe v2 protocol, written from the runtime's own buffers.
#pragma once

#include <string>
#include <string_view>

#include "maru/api/kserve/infer_request.h"
#include "maru/http/message.h"
#include "maru/serving/tensor.h"

namespace maru::api::kserve {

// Numbers are written with the fewest digits that read back as the same value. JSON has no NaN and no infinity: they
// are written as null and as ±1e999, which every reader of floating-point numbers takes for infinite.
http::Reply EncodeInfer(std::string_view model_name, std::string_view model_version, const InferWishes& wishes,
                        std::span<const serving::Tensor> outputs);

}  // namespace maru::api::kserve
