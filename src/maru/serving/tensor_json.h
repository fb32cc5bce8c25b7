// A tensor's elements as JSON text.
//
// Numbers are written with the fewest digits that read back as the same value. JSON has no NaN and no infinity: they
// are written as null and as ±1e999, which every reader of floating-point numbers takes for infinite.
#pragma once

#include <cstddef>
#include <string>

#include "maru/serving/tensor.h"

namespace maru::serving {

// Elements [begin, begin + count) of `tensor`, separated by commas.
void AppendElements(std::string& out, const Tensor& tensor, std::size_t begin, std::size_t count);

// How many elements `tensor` holds.
std::size_t HeldElements(const Tensor& tensor);

}  // namespace maru::serving
