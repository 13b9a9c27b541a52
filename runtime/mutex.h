// mutex: one task at a time, also across co_await.
//
//   magpie::mutex ledger;
//   auto guard = co_await ledger.lock();  // Unlocked at the end of the scope.
#ifndef MAGPIE_RUNTIME_MUTEX_H_
#define MAGPIE_RUNTIME_MUTEX_H_

#include <coroutine>
#include <optional>

#include "magpie/runtime/internal/awaitable.h"
#include "magpie/runtime/internal/basic_guard.h"
#include "magpie/runtime/internal/lock_word.h"
#include "magpie/runtime/internal/mutex.h"
#include "magpie/runtime/internal/queued_awaiter.h"
#include "magpie/runtime/internal/wait_list.h"

namespace magpie {

class mutex;

namespace internal {
class lock_awaiter;
class lock_waiter;
class relock_awaiter;
}  // namespace internal

// A lock that is held: owns_lock(), unlock(), mutex(), swap(). Moves only; unlocks when it ends.
// One thread at a time, which need not be the one that has locked. Must not outlive the mutex.
using mutex_guard = internal::basic_guard<mutex, internal::hold::exclusive>;

// Any thread may call everything; lock() is awaited by tasks. First come, first served: unlocking
// hands the mutex to the first who waits, and nobody overtakes. Belongs to no task and no thread:
// whoever has the guard may unlock, anywhere; and a task that locks again what it holds waits for
// itself. Must outlive its guards and whoever waits.
class mutex {
 public:
  mutex() = default;
  mutex(const mutex&) = delete;
  mutex& operator=(const mutex&) = delete;

  // co_await lock(): suspends until the mutex is free, and gives a mutex_guard. Cancelled while it
  // waits: throws `cancelled`, and holds nothing. Allocates nothing.
  internal::awaitable<internal::lock_awaiter, mutex> lock() noexcept;

  // Without waiting. Nothing if it is locked.
  std::optional<mutex_guard> try_lock() noexcept;

  // Out of date at once.
  bool locked() const noexcept;

 private:
  friend mutex_guard;
  friend internal::lock_awaiter;
  friend internal::lock_waiter;
  friend internal::relock_awaiter;

  void unlock() noexcept {
    if (!word_.try_release()) unlock_contended();
  }

  // Takes it; waits a little for one who holds it on another worker, if nobody waits already.
  bool try_take_soon() noexcept;

  mutex_guard guard() noexcept { return mutex_guard(*this); }
  void unlock_contended() noexcept;
  bool hand_over() noexcept;

  internal::mutex lock_;
  internal::wait_list waiters_;  // Under lock_. Nobody, unless it is contended.
  internal::lock_word<> word_;   // Any thread.
};

namespace internal {

// A task that waits for it.
class lock_waiter final : public queued_awaiter {
 public:
  explicit lock_waiter(magpie::mutex& of) noexcept
      : queued_awaiter(of.lock_, of.waiters_), of_(of) {}

  // From await_resume(). Throws `cancelled`, and then does not hold it.
  void finish_waiting() {
    const outcome how = finish();
    // The cancellation came in between.
    if (how == outcome::cancelled && taken_) of_.unlock();
    throw_if_cancelled(how);
  }

 private:
  bool available() noexcept override { return taken_ = of_.word_.take_or_announce(); }
  void take() noexcept override {}

  magpie::mutex& of_;
  bool taken_ = false;  // Worker. Without having waited.
};

// What waiting takes is made only for one who has to wait (mutex/free).
class lock_awaiter {
 public:
  explicit lock_awaiter(magpie::mutex& of) noexcept : of_(of) {}

  bool await_ready() noexcept {
    return spend_little() && (of_.word_.try_take() || of_.try_take_soon());
  }
  template <class Promise>
  bool await_suspend(std::coroutine_handle<Promise> who) noexcept {
    return waiter_.emplace(of_).await_suspend(who);
  }
  mutex_guard await_resume() {
    if (waiter_) waiter_->finish_waiting();
    return of_.guard();
  }

 private:
  magpie::mutex& of_;
  std::optional<lock_waiter> waiter_;
};

}  // namespace internal

inline internal::awaitable<internal::lock_awaiter, mutex> mutex::lock() noexcept {
  return internal::awaitable<internal::lock_awaiter, mutex>(*this);
}

}  // namespace magpie

#endif  // MAGPIE_RUNTIME_MUTEX_H_
