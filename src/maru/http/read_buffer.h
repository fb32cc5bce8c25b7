// What has arrived on a connection and is not parsed yet: one contiguous block that is refilled at its end.
#pragma once

#include <cstddef>
#include <cstring>
#include <memory>
#include <span>
#include <string_view>

namespace maru::http {

class ReadBuffer {
 public:
  std::string_view view() const { return {data_.get() + begin_, end_ - begin_}; }
  std::size_t size() const { return end_ - begin_; }
  bool empty() const { return begin_ == end_; }

  void Consume(std::size_t bytes) {
    begin_ += bytes;
    if (begin_ == end_) begin_ = end_ = 0;
  }

  // Room for at least `bytes` more; invalidates views.
  std::span<char> Prepare(std::size_t bytes) {
    if (capacity_ - end_ < bytes) {
      if (capacity_ - size() < bytes || data_ == nullptr) {
        const std::size_t capacity = std::max(size() + bytes, 2 * capacity_);
        auto grown = std::make_unique_for_overwrite<char[]>(capacity);
        if (!empty()) std::memcpy(grown.get(), data_.get() + begin_, size());
        data_ = std::move(grown);
        capacity_ = capacity;
      } else {
        std::memmove(data_.get(), data_.get() + begin_, size());
      }
      end_ -= begin_;
      begin_ = 0;
    }
    return {data_.get() + end_, capacity_ - end_};
  }
  void Commit(std::size_t bytes) { end_ += bytes; }

  // An idle connection keeps no more than this; thousands of them are idle at once.
  void ShrinkTo(std::size_t bytes) {
    if (empty() && capacity_ > bytes) {
      data_.reset();
      capacity_ = 0;
    }
  }

 private:
  std::unique_ptr<char[]> data_;
  std::size_t capacity_ = 0;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
};

}  // namespace maru::http
