#include "maru/tracking/compactor.h"

namespace maru::tracking {

Compactor::~Compactor() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void Compactor::Start() {
  thread_ = std::thread([this] { Run(); });
}

void Compactor::Notice() {
  noticed_.fetch_add(1, std::memory_order_relaxed);
  std::lock_guard lock(mutex_);
  if (sleeping_) wake_.notify_one();
}

void Compactor::Run() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    if (store_.pending() == 0) {
      sleeping_ = true;
      wake_.wait(lock, [&] { return stopping_ || store_.pending() > 0; });
      sleeping_ = false;
      continue;
    }
    if (store_.pending() < options_.patience_rows) {
      const std::int64_t before = noticed_.load(std::memory_order_relaxed);
      if (wake_.wait_for(lock, options_.quiet, [&] { return stopping_; })) break;
      if (noticed_.load(std::memory_order_relaxed) != before) continue;
    }
    lock.unlock();
    const auto folded = store_.FoldSome(options_.rows_per_transaction);
    lock.lock();
    if (!folded.ok() || *folded == 0) wake_.wait_for(lock, options_.retry, [&] { return stopping_; });
  }
}

}  // namespace maru::tracking
