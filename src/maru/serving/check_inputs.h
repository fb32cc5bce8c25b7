// Compares what was sent with what the model takes, before a runtime sees it. Pure.
#pragma once

#include "maru/base/status.h"
#include "maru/serving/model_metadata.h"
#include "maru/serving/runtime.h"

namespace maru::serving {

// kInvalidArgument names the tensor and says what was expected. Models without a known signature take everything.
Status CheckInputs(const ModelMetadata& model, const InferRequest& request);

}  // namespace maru::serving
