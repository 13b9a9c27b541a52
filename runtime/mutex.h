// mutex: one task at a time, also across co_await.
//
//   magpie::mutex ledger;
//   auto guard = co_await ledger.lock();  // Unlocked at the end of the scope.
#ifndef MAGPIE_RUNTIME_MUTEX_H_
#define MAGPIE_RUNTIME_MUTEX_H_

#include <optional>

#include "magpie/runtime/internal/awaitable.h"
#include "magpie/runtime/internal/basic_guard.h"
#include "magpie/runtime/internal/mutex.h"
#include "magpie/runtime/internal/queued_awaiter.h"
#include "magpie/runtime/internal/wait_list.h"

namespace magpie {

class mutex;

namespace internal {
class lock_awaiter;
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
  friend internal::relock_awaiter;

  mutex_guard held() noexcept { return mutex_guard(*this); }
  void unlock() noexcept;

  mutable internal::mutex lock_;
  internal::wait_list waiters_;  // Under lock_. Nobody, if it is not locked.
  bool locked_ = false;          // Under lock_.
};

namespace internal {

class lock_awaiter final : public queued_awaiter {
 public:
  explicit lock_awaiter(magpie::mutex& of) noexcept
      : queued_awaiter(of.lock_, of.waiters_), of_(of) {}

  mutex_guard await_resume() {
    finish_or_throw();
    return of_.held();
  }

 private:
  bool available() const noexcept override { return !of_.locked_; }
  void take() noexcept override { of_.locked_ = true; }

  magpie::mutex& of_;
};

}  // namespace internal

inline internal::awaitable<internal::lock_awaiter, mutex> mutex::lock() noexcept {
  return internal::awaitable<internal::lock_awaiter, mutex>(*this);
}

}  // namespace magpie

#endif  // MAGPIE_RUNTIME_MUTEX_H_
