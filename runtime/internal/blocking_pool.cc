#include "magpie/runtime/internal/blocking_pool.h"

#include <pthread.h>

#include <atomic>
#include <climits>
#include <cstdint>
#include <list>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>

#include "magpie/runtime/internal/futex.h"
#include "magpie/runtime/internal/mutex.h"

namespace magpie::internal {
namespace {

using real_clock = std::chrono::steady_clock;

class blocking_pool final : public job_executor {
 public:
  blocking_pool(std::size_t most_threads, clock::duration idle_limit)
      : most_threads_(most_threads), idle_limit_(idle_limit) {}

  ~blocking_pool() override {
    std::unique_lock lock(mutex_);
    stopping_ = true;
    wake(INT_MAX);
    while (!threads_.empty()) {
      const std::uint32_t seen = changes_.load();
      lock.unlock();
      futex_wait(changes_, seen, real_clock::time_point::max());
      lock.lock();
    }
    std::thread last = std::move(ended_);
    lock.unlock();
    if (last.joinable()) last.join();
  }

  void submit(job& what) override {
    // The thread that is woken wants the lock.
    if (enqueue(what)) futex_wake(changes_, 1);
  }

  void withdraw(job& what) noexcept override { queue_.remove(what); }

 private:
  // Whether one of the threads that sleep has to be woken.
  bool enqueue(job& what) {
    const std::lock_guard lock(mutex_);
    queue_.push(what);
    ++queued_;
    if (queued_ <= idle_) {
      changes_.fetch_add(1);
      return true;
    }
    if (threads_.size() == most_threads_) return false;
    try {
      start_thread();
    } catch (...) {
      // The job waits for one of the threads that run; if there is none, it could wait for ever.
      if (!threads_.empty()) return false;
      queue_.remove(what);
      --queued_;
      throw;
    }
    return false;
  }

  // Under mutex_.
  void start_thread() {
    const auto self = threads_.emplace(threads_.end());
    try {
      *self = std::thread([this, self] { serve(self); });
    } catch (const std::system_error& error) {
      threads_.erase(self);
      throw std::system_error(error.code(),
                              "magpie: the system refused a thread for blocking(); raise the limit "
                              "of processes or threads");
    } catch (...) {
      threads_.erase(self);
      throw;
    }
  }

  // Under mutex_. Every change that a sleeping thread waits for.
  void wake(int count) noexcept {
    changes_.fetch_add(1);
    futex_wake(changes_, count);
  }

  void serve(std::list<std::thread>::iterator self) noexcept {
    ::pthread_setname_np(::pthread_self(), "magpie-blocking");
    std::unique_lock lock(mutex_);
    while (wait_for_job(lock)) {
      --queued_;
      lock.unlock();
      job* const next = queue_.pop();  // None if it was cancelled.
      if (next != nullptr) next->execute();
      lock.lock();
      if (next != nullptr) resume_as_idle(*next, lock);
    }
    // Each thread waits for the one that ended before it, and the destructor for the last: so the
    // pool ends after the destructors of everything that is thread_local in the user's code.
    std::thread before = std::exchange(ended_, std::move(*self));
    threads_.erase(self);
    if (stopping_) wake(INT_MAX);
    lock.unlock();
    if (before.joinable()) before.join();
  }

  // The thread counts as idle before the task can ask for the next one, which is then its own; and
  // from then on, since the lock is kept until it looks for that.
  void resume_as_idle(job& done, std::unique_lock<mutex>& lock) noexcept {
    ++idle_;
    lock.unlock();
    done.resume();
    lock.lock();
    --idle_;
  }

  // False: the thread should end, because it has been idle for too long or the pool stops.
  bool wait_for_job(std::unique_lock<mutex>& lock) noexcept {
    const auto deadline = after(real_clock::now(), idle_limit_);
    while (queued_ == 0) {
      if (stopping_ || real_clock::now() >= deadline) return false;
      const std::uint32_t seen = changes_.load();
      ++idle_;
      lock.unlock();
      futex_wait(changes_, seen, deadline);
      lock.lock();
      --idle_;
    }
    return true;
  }

  const std::size_t most_threads_;
  const clock::duration idle_limit_;
  job_queue queue_;
  mutex mutex_;
  std::atomic<std::uint32_t> changes_{0};  // What idle threads and the destructor sleep on.
  std::list<std::thread> threads_;         // Under mutex_.
  std::thread ended_;                      // Under mutex_. The one that left threads_ last.
  std::size_t idle_ = 0;                   // Under mutex_.
  std::size_t queued_ = 0;  // Under mutex_. Jobs for which no thread has been chosen.
  bool stopping_ = false;   // Under mutex_.
};

}  // namespace

std::unique_ptr<job_executor> make_blocking_pool(std::size_t most_threads,
                                                 clock::duration idle_limit) {
  return std::make_unique<blocking_pool>(most_threads, idle_limit);
}

}  // namespace magpie::internal
