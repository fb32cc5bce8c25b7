// The tensor decoder on bytes from a stranger: it may refuse, but what it accepts must lie inside the body or the
// arena.
#include <cstdlib>
#include <cstring>

#include "maru/api/kserve/infer_reply.h"
#include "maru/api/kserve/infer_request.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace maru;
  static const serving::ModelMetadata model{
      .platform = "fuzz",
      .inputs = {{"x", serving::DataType::kFp32, {-1, 4}}, {"s", serving::DataType::kBytes, {-1}}},
      .inputs_known = false,
      .outputs_known = false};
  if (size < 2) return 0;
  // The first two bytes choose how much of the rest is JSON; all of it when they say more than there is.
  std::uint16_t split = 0;
  std::memcpy(&split, data, 2);
  const std::string_view body(reinterpret_cast<const char*>(data) + 2, size - 2);
  std::optional<std::size_t> json_bytes;
  if (split <= body.size()) json_bytes = split;

  serving::Arena arena;
  serving::InferRequest request;
  api::kserve::InferWishes wishes;
  if (!api::kserve::DecodeInfer(body, json_bytes, model, arena, request, wishes).ok()) return 0;
  for (const serving::Tensor& tensor : request.inputs) {
    const auto count = serving::ElementCount(tensor.shape);
    if (!count.ok()) abort();
    const auto elements = static_cast<std::size_t>(*count);
    if (tensor.type == serving::DataType::kBytes) {
      if (tensor.strings.size() != elements) abort();
    } else if (tensor.data.size() != elements * serving::ElementBytes(tensor.type)) {
      abort();
    }
  }
  api::kserve::EncodeInfer("m", "1", wishes, request.inputs);  // reads every byte, so that the sanitizer sees them
  return 0;
}
