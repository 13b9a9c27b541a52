// Waiting for time to pass, and letting others run.
//
//   co_await magpie::sleep_for(100ms);
//   co_await magpie::yield();
#ifndef MAGPIE_RUNTIME_SLEEP_H_
#define MAGPIE_RUNTIME_SLEEP_H_

#include <chrono>
#include <coroutine>

#include "magpie/runtime/clock.h"
#include "magpie/runtime/internal/promise.h"
#include "magpie/runtime/internal/timer_queue.h"
#include "magpie/runtime/suspension.h"

namespace magpie {
namespace internal {

class sleep_awaiter : public suspension {
 public:
  explicit sleep_awaiter(clock::time_point until) noexcept
      : timer_(*this, until, outcome::completed) {}

  static bool await_ready() noexcept { return false; }
  template <class Promise>
  bool await_suspend(std::coroutine_handle<Promise> who) {
    return start(who.promise());
  }
  void await_resume();

 private:
  bool start(promise_base& who);

  wake_timer timer_;
};

class yield_awaiter {
 public:
  static bool await_ready() noexcept { return false; }
  template <class Promise>
  bool await_suspend(std::coroutine_handle<Promise> who) noexcept {
    return start(who.promise());
  }
  void await_resume() const;

 private:
  bool start(promise_base& who) noexcept;

  bool cancelled_ = false;
};

class [[nodiscard("sleeping does nothing until it is awaited")]] sleep {
 public:
  explicit sleep(clock::time_point until) noexcept : until_(until) {}
  sleep_awaiter operator co_await() const noexcept { return sleep_awaiter(until_); }
  clock::time_point until() const noexcept { return until_; }

 private:
  clock::time_point until_;
};

class [[nodiscard("yield does nothing until it is awaited")]] yield_now {
 public:
  yield_awaiter operator co_await() const noexcept { return {}; }
};

}  // namespace internal

// Suspends the task until `until`. If that has passed, others that are ready run first all the
// same. Cancelled: throws `cancelled` at once. Precision: the worker's next turn after `until`,
// never before. Allocates only when the worker's heap of timers grows.
inline internal::sleep sleep_until(clock::time_point until) noexcept {
  return internal::sleep(until);
}

// The same, from now on. Any duration; what is longer than the clock can count is for ever.
template <class Rep, class Period>
internal::sleep sleep_for(std::chrono::duration<Rep, Period> duration) noexcept {
  return internal::sleep(internal::after(clock::now(), internal::saturated(duration)));
}

// Goes to the end of the worker's queue. Throws `cancelled` if the task has been cancelled.
inline internal::yield_now yield() noexcept {
  return {};
}

}  // namespace magpie

#endif  // MAGPIE_RUNTIME_SLEEP_H_
