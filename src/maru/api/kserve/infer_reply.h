// An inference response of the KServe v2 protocol, written from the runtime's own buffers.
#pragma once

#include <string>
#include <string_view>

#include "maru/api/kserve/infer_request.h"
#include "maru/http/message.h"
#include "maru/serving/tensor.h"

namespace maru::api::kserve {

// Numbers are written as serving/tensor_json.h says.
http::Reply EncodeInfer(std::string_view model_name, std::string_view model_version, const InferWishes& wishes,
                        std::span<const serving::Tensor> outputs);

}  // namespace maru::api::kserve
