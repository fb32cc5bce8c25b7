#include "maru/runtime/thread_pool.h"

#include <pthread.h>

#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

namespace maru::runtime {

struct ThreadPool::State {
  explicit State(ThreadPoolOptions o) : options(std::move(o)) {}

  const ThreadPoolOptions options;
  mutable std::mutex mutex;
  std::condition_variable work;
  std::deque<std::function<void()>> queue;
  std::vector<std::thread> threads;
  std::size_t idle = 0;
  bool stopping = false;

  void Run() {
    pthread_setname_np(pthread_self(), options.name.substr(0, 15).c_str());
    std::unique_lock lock(mutex);
    while (true) {
      ++idle;
      work.wait(lock, [&] { return stopping || !queue.empty(); });
      --idle;
      if (queue.empty()) return;
      const auto task = std::move(queue.front());
      queue.pop_front();
      lock.unlock();
      task();
      lock.lock();
    }
  }
};

ThreadPool::ThreadPool(ThreadPoolOptions options) : state_(std::make_shared<State>(std::move(options))) {}

ThreadPool::~ThreadPool() {
  std::vector<std::thread> threads;
  {
    std::lock_guard lock(state_->mutex);
    state_->stopping = true;
    threads.swap(state_->threads);
  }
  state_->work.notify_all();
  for (std::thread& thread : threads) thread.join();
}

bool ThreadPool::TrySubmit(std::function<void()> task) {
  State& s = *state_;
  std::lock_guard lock(s.mutex);
  if (s.stopping || s.queue.size() >= s.options.queue_max) return false;
  s.queue.push_back(std::move(task));
  // A waiting thread takes it, unless more is queued than threads wait.
  if (s.queue.size() > s.idle && s.threads.size() < s.options.threads_max) {
    s.threads.emplace_back([state = state_] { state->Run(); });
  } else {
    s.work.notify_one();
  }
  return true;
}

std::size_t ThreadPool::queued() const {
  std::lock_guard lock(state_->mutex);
  return state_->queue.size();
}

}  // namespace maru::runtime
