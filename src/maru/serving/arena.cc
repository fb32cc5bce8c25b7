#include "maru/serving/arena.h"

#include <algorithm>
#include <cstring>

namespace maru::serving {

std::byte* Arena::Aligned(const Chunk& chunk) {
  const auto address = reinterpret_cast<std::uintptr_t>(chunk.memory.get());
  return chunk.memory.get() + ((kAlignment - address % kAlignment) % kAlignment);
}

void Arena::Grow(std::size_t bytes) {
  const std::size_t size = std::max(bytes, chunks_.empty() ? kFirstBytes : chunks_.back().bytes * 2);
  chunks_.push_back({std::make_unique_for_overwrite<std::byte[]>(size + kAlignment), size});
  next_ = Aligned(chunks_.back());
  left_ = size;
}

std::string_view Arena::Copy(std::string_view text) {
  std::byte* const memory = Allocate(text.size());
  if (!text.empty()) std::memcpy(memory, text.data(), text.size());
  return {reinterpret_cast<const char*>(memory), text.size()};
}

void Arena::Reset() {
  // The largest chunk that is small enough to keep serves the next call without a growth.
  while (!chunks_.empty() && chunks_.back().bytes > kKeptBytes) chunks_.pop_back();
  if (chunks_.size() > 1) chunks_.erase(chunks_.begin(), chunks_.end() - 1);
  next_ = chunks_.empty() ? nullptr : Aligned(chunks_.back());
  left_ = chunks_.empty() ? 0 : chunks_.back().bytes;
}

}  // namespace maru::serving
