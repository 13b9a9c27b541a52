#include "magpie/benchmarks/report/blocking_strategies.h"

#include <utility>

namespace magpie::bench {

void run_thread_per_operation(std::size_t count, const operation& work, std::size_t alive) {
  std::deque<std::thread> threads;
  for (std::size_t i = 0; i < count; ++i) {
    if (threads.size() == alive) {
      threads.front().join();
      threads.pop_front();
    }
    threads.emplace_back([&work, i] { work(i); });
  }
  for (std::thread& each : threads)
    each.join();
}

void run_on_thread_pool(std::size_t count, const operation& work, std::size_t threads) {
  queued_threads pool(threads);
  for (std::size_t i = 0; i < count; ++i)
    pool.submit([&work, i] { work(i); });
}

queued_threads::queued_threads(std::size_t threads) {
  for (std::size_t i = 0; i < threads; ++i)
    threads_.emplace_back([this] { serve(); });
}

queued_threads::~queued_threads() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  has_work_.notify_all();
  for (std::thread& each : threads_)
    each.join();
}

void queued_threads::submit(std::function<void()> job) {
  {
    const std::lock_guard lock(mutex_);
    jobs_.push_back(std::move(job));
  }
  has_work_.notify_one();
}

void queued_threads::wait_idle() {
  std::unique_lock lock(mutex_);
  idle_.wait(lock, [this] { return jobs_.empty() && running_ == 0; });
}

void queued_threads::serve() {
  std::unique_lock lock(mutex_);
  while (true) {
    has_work_.wait(lock, [this] { return ending_ || !jobs_.empty(); });
    if (jobs_.empty()) return;
    std::function<void()> job = std::move(jobs_.front());
    jobs_.pop_front();
    ++running_;
    lock.unlock();
    job();
    job = nullptr;
    lock.lock();
    --running_;
    if (jobs_.empty() && running_ == 0) idle_.notify_all();
  }
}

heartbeat_thread::heartbeat_thread() {
  log_.start(steady::now());
  thread_ = std::thread([this] { beat_until_stopped(); });
}

heartbeat_thread::~heartbeat_thread() {
  if (thread_.joinable()) stop();
}

std::vector<double> heartbeat_thread::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  thread_.join();
  log_.beat(steady::now());
  return log_.lags_us();
}

void heartbeat_thread::beat_until_stopped() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    changed_.wait_until(lock, log_.due(), [this] { return stopping_; });
    log_.beat(steady::now());
  }
}

}  // namespace magpie::bench
