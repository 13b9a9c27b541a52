// barrier: tasks that wait for each other, again and again.
//
//   magpie::barrier step(4);
//   const std::size_t index = co_await step.wait();  // Four of them; then the next four.
#ifndef MAGPIE_RUNTIME_BARRIER_H_
#define MAGPIE_RUNTIME_BARRIER_H_

#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <stdexcept>

#include "magpie/runtime/internal/awaitable.h"
#include "magpie/runtime/internal/mutex.h"
#include "magpie/runtime/internal/queued_awaiter.h"
#include "magpie/runtime/internal/wait_list.h"

namespace magpie {

namespace internal {
class barrier_awaiter;
}

// The barrier has been reset while a task waited, or aborted.
class broken_barrier : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// Any thread may call everything; wait() is awaited by tasks. Must outlive whoever waits.
class barrier {
 public:
  // How many have to wait for each other. Throws usage_error for 0.
  explicit barrier(std::size_t parties);
  barrier(const barrier&) = delete;
  barrier& operator=(const barrier&) = delete;

  // co_await wait(): suspends until so many wait, and lets them all go. Gives each the place in
  // which it has come, 0 to parties() - 1, different for each of those who go together. Throws
  // broken_barrier if it is broken, or is reset or aborted meanwhile.
  //
  // Cancelled while it waits: throws `cancelled`, and counts no more; the others wait for somebody
  // else. Unless the barrier is full before the cancelled task has come to run: then it has passed
  // with the others, and sees the cancellation at its next suspension. So exactly those who are
  // given a place have counted. Allocates nothing, but for broken_barrier.
  internal::awaitable<internal::barrier_awaiter, barrier> wait() noexcept;

  // Those who wait throw broken_barrier; after that it is as new.
  void reset() noexcept;

  // Those who wait throw broken_barrier, and so do all who come, until reset().
  void abort() noexcept;

  bool broken() const noexcept;

  std::size_t parties() const noexcept { return parties_; }

  // Those who wait at this moment, also one that has been cancelled and has not run since.
  std::size_t n_waiting() const noexcept;

 private:
  friend class internal::barrier_awaiter;
  enum class verdict : std::uint8_t { none, passed, broken };

  void end_waits(verdict how, ready_list& ready) noexcept;  // Under lock_.
  void break_up(bool stays_broken) noexcept;

  mutable internal::mutex lock_;
  internal::wait_list waiters_;  // Under lock_. Fewer than parties_.
  bool broken_ = false;          // Under lock_.
  const std::size_t parties_;
};

namespace internal {

class barrier_awaiter final : public queued_awaiter {
 public:
  explicit barrier_awaiter(barrier& at) noexcept : queued_awaiter(at.lock_, at.waiters_), at_(at) {}

  bool await_ready() noexcept {
    const bool ready = queued_awaiter::await_ready();
    others_.resume_all();
    return ready;
  }
  template <class Promise>
  bool await_suspend(std::coroutine_handle<Promise> who) noexcept {
    const bool suspended = start(who.promise());
    others_.resume_all();
    return suspended;
  }
  std::size_t await_resume();

 private:
  friend class magpie::barrier;
  bool available() noexcept override;
  void take() noexcept override;

  barrier& at_;
  // Under the lock of the barrier, until this has been taken off the list.
  barrier::verdict verdict_ = barrier::verdict::none;
  std::size_t place_ = 0;
  ready_list others_;  // Whom this one, as the last, lets go.
};

}  // namespace internal

inline internal::awaitable<internal::barrier_awaiter, barrier> barrier::wait() noexcept {
  return internal::awaitable<internal::barrier_awaiter, barrier>(*this);
}

}  // namespace magpie

#endif  // MAGPIE_RUNTIME_BARRIER_H_
