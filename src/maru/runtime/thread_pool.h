// A named, bounded pool for work that blocks or computes, so that the I/O threads never do.
//
// Threads start as needed, up to `threads_max`, and stay. Thread-safe. The destructor runs what is queued, then joins.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>

namespace maru::runtime {

struct ThreadPoolOptions {
  std::string name;  // at most 15 characters, shown by top -H
  std::size_t threads_max = 4;
  std::size_t queue_max = 1024;  // tasks waiting for a thread
};

class ThreadPool {
 public:
  explicit ThreadPool(ThreadPoolOptions options);
  ~ThreadPool();
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  // False when the queue is full: answer "try later", never wait. `task` must not throw.
  [[nodiscard]] bool TrySubmit(std::function<void()> task);

  std::size_t queued() const;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace maru::runtime
