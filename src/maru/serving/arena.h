// Memory of one call: grows by need, is given back all at once, and is kept for the next call while it is small.
//
// Threads: belongs to one call at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

namespace maru::serving {

class Arena {
 public:
  // Uninitialised memory, aligned for vector instructions, that lives until Reset.
  std::byte* Allocate(std::size_t bytes) {
    bytes = (bytes + kAlignment - 1) / kAlignment * kAlignment;
    if (bytes > left_) Grow(bytes);
    std::byte* const result = next_;
    next_ += bytes;
    left_ -= bytes;
    return result;
  }

  template <typename T>
  std::span<T> AllocateArray(std::size_t count) {
    return {reinterpret_cast<T*>(Allocate(count * sizeof(T))), count};
  }

  std::string_view Copy(std::string_view text);

  void Reset();
  bool small() const { return chunks_.empty() || chunks_.back().bytes <= kKeptBytes; }

 private:
  static constexpr std::size_t kAlignment = 64;
  static constexpr std::size_t kFirstBytes = 16 * 1024;
  static constexpr std::size_t kKeptBytes = 1024 * 1024;  // the memory of a giant goes back

  struct Chunk {
    std::unique_ptr<std::byte[]> memory;
    std::size_t bytes;
  };
  static std::byte* Aligned(const Chunk& chunk);
  void Grow(std::size_t bytes);

  std::vector<Chunk> chunks_;
  std::byte* next_ = nullptr;
  std::size_t left_ = 0;
};

}  // namespace maru::serving
