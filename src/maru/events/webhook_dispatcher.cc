#include "maru/events/webhook_dispatcher.h"

#include <pthread.h>

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <random>
#include <set>
#include <thread>
#include <utility>

#include "maru/events/webhook_queue.h"
#include "maru/events/webhook_request.h"
#include "maru/runtime/thread_pool.h"

namespace maru::events {
namespace {

using std::chrono::milliseconds;

// A busy server announces thousands of events a second; looking this often is soon enough.
constexpr milliseconds kBetweenLooks{20};
constexpr milliseconds kAfterFailure{1000};
constexpr milliseconds kLongest{60'000};

class Dispatcher final : public WebhookDispatcher {
 public:
  Dispatcher(sql::Database& database, EventLog& events, const Clock* clock, const SecretBox& secrets,
             WebhookSender& sender, const WebhookDispatcherOptions& options)
      : options_(options),
        clock_(clock),
        secrets_(secrets),
        sender_(sender),
        queue_(database, events),
        pool_(std::make_unique<runtime::ThreadPool>(
            runtime::ThreadPoolOptions{.name = "webhooks",
                                       .threads_max = static_cast<std::size_t>(options.senders),
                                       .queue_max = static_cast<std::size_t>(options.senders)})),
        subscription_(events.OnAnnounce([this] { Wake(); })),
        thread_([this] { Run(); }) {}

  ~Dispatcher() override {
    subscription_.reset();
    {
      std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    wake_.notify_all();
    thread_.join();
    sender_.Stop();
    pool_.reset();
  }

 private:
  void Wake() {
    {
      std::lock_guard lock(mutex_);
      if (woken_) return;
      woken_ = true;
    }
    wake_.notify_all();
  }

  void Run() {
    pthread_setname_np(pthread_self(), "webhook-reader");
    while (true) {
      const milliseconds wait = LookOnce();
      std::unique_lock lock(mutex_);
      wake_.wait_for(lock, kBetweenLooks, [&] { return stopping_; });
      wake_.wait_for(lock, wait, [&] { return stopping_ || woken_; });
      if (stopping_) return;
      woken_ = false;
    }
  }

  // Queues what is new, sends what is due. Returns how long nothing more will fall due.
  milliseconds LookOnce() {
    const std::int64_t now = clock_->NowMs();
    if (!queue_.MoveNewEvents(now).ok()) return kAfterFailure;
    const std::set<std::string> busy = Busy();
    const auto due = queue_.Due(now, busy, options_.senders - static_cast<int>(busy.size()));
    if (!due.ok()) return kAfterFailure;
    for (const Delivery& delivery : *due) {
      {
        std::lock_guard lock(mutex_);
        busy_.insert(delivery.webhook_id);
      }
      if (!pool_->TrySubmit([this, delivery] { Deliver(delivery); })) SetIdle(delivery.webhook_id);
    }
    const auto next = queue_.NextDue(Busy());
    if (!next.ok()) return kAfterFailure;
    if (!*next) return kLongest;
    return std::clamp(milliseconds(**next - clock_->NowMs()), milliseconds(0), kLongest);
  }

  std::set<std::string> Busy() {
    std::lock_guard lock(mutex_);
    return busy_;
  }

  void SetIdle(const std::string& webhook_id) {
    {
      std::lock_guard lock(mutex_);
      busy_.erase(webhook_id);
    }
    Wake();
  }

  // On a pool thread: one webhook's deliveries, as long as any are due.
  void Deliver(Delivery delivery) {
    const std::string webhook_id = delivery.webhook_id;
    while (true) {
      const Status stored = Attempt(delivery);
      auto next = stored.ok() ? queue_.DueOf(webhook_id, clock_->NowMs()) : stored;
      std::unique_lock lock(mutex_);
      // The database is away: the row is as it was, and the delivery will be made again, but not at once.
      if (!next.ok()) wake_.wait_for(lock, kAfterFailure, [&] { return stopping_; });
      if (stopping_ || !next.ok() || !*next) break;
      delivery = **std::move(next);
    }
    SetIdle(webhook_id);
  }

  Status Attempt(Delivery& delivery) {
    std::string secret;
    if (!delivery.sealed_secret.empty()) {
      auto unsealed = secrets_.Unseal(delivery.sealed_secret);
      if (!unsealed.ok()) return queue_.Finish(delivery, std::string(unsealed.status().message()));
      secret = *std::move(unsealed);
    }
    const DeliveryOutcome outcome =
        sender_.Post(delivery.url, MakeWebhookRequest(delivery.event, delivery.id, secret, clock_->NowMs()));
    {
      std::lock_guard lock(mutex_);
      if (stopping_) return OkStatus();  // broken off by us; the row stays
    }
    if (outcome.delivered()) return queue_.Finish(delivery);
    ++delivery.attempts;
    if (const auto wait = WaitBeforeRetry(options_.retry, delivery.attempts, outcome, Random())) {
      return queue_.Retry(delivery, clock_->NowMs() + wait->count());
    }
    const std::string why =
        outcome.http_status != 0 ? fmt::format("the receiver answered {}", outcome.http_status) : outcome.error;
    return queue_.Finish(delivery, fmt::format("given up after {} attempts: {}", delivery.attempts, why));
  }

  static double Random() {
    thread_local std::mt19937 generator(std::random_device{}());
    return std::uniform_real_distribution<double>(0, 1)(generator);
  }

  const WebhookDispatcherOptions options_;
  const Clock* const clock_;
  const SecretBox& secrets_;
  WebhookSender& sender_;
  WebhookQueue queue_;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool woken_ = false;
  bool stopping_ = false;
  std::set<std::string> busy_;  // webhooks with a request under way
  std::unique_ptr<runtime::ThreadPool> pool_;
  EventLog::Subscription subscription_;
  std::thread thread_;
};

}  // namespace

std::unique_ptr<WebhookDispatcher> WebhookDispatcher::Start(sql::Database& database, EventLog& events,
                                                            const Clock* clock, const SecretBox& secrets,
                                                            WebhookSender& sender,
                                                            const WebhookDispatcherOptions& options) {
  return std::make_unique<Dispatcher>(database, events, clock, secrets, sender, options);
}

}  // namespace maru::events
