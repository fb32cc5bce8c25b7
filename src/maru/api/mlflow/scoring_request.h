// A body of MLflow's scoring protocol, for runtimes that take tensors: a data frame (split, records, CSV) or tensors
// (instances, inputs), arranged as the model's inputs want them.
// https://mlflow.org/docs/latest/ml/deployment/deploy-model-locally/#json-input
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

#include "maru/base/status.h"
#include "maru/serving/arena.h"
#include "maru/serving/model_metadata.h"
#include "maru/serving/runtime.h"
#include "maru/serving/signature.h"

namespace maru::api::mlflow {

// Fills `request`, whose tensors point into `arena`; names point into `model`. For a data frame `frame_rows` is set:
// then the answer is a list of rows. kInvalidArgument says what is wrong; columns are checked against the signature,
// where the model has one.
Status DecodeScoring(std::string_view content_type, std::string_view body, const serving::ModelMetadata& model,
                     const serving::Signature& signature, serving::Arena& arena, serving::InferRequest& request,
                     std::optional<std::size_t>& frame_rows);

// CSV with a header line (RFC 4180) as the JSON text of {"dataframe_split": …}: what looks like a number, true or false
// is one, an empty field is null.
Result<std::string> CsvAsJson(std::string_view csv);

// {"predictions": …} for the model's outputs.
std::string EncodeScoring(const serving::InferResponse& response, std::optional<std::size_t> frame_rows);

}  // namespace maru::api::mlflow
