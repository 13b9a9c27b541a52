// condition: tasks that wait, with a mutex, until another says that something has changed.
//
//   auto guard = co_await m.lock();
//   co_await changed.wait(guard, [&] { return !orders.empty(); });  // m is locked again.
#ifndef MAGPIE_RUNTIME_CONDITION_H_
#define MAGPIE_RUNTIME_CONDITION_H_

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <utility>

#include "magpie/runtime/internal/mutex.h"
#include "magpie/runtime/internal/wait_list.h"
#include "magpie/runtime/mutex.h"
#include "magpie/runtime/task.h"

namespace magpie {

namespace internal {
class notification_awaiter;
}

// Any thread may call everything; wait() is awaited by tasks. Who waits longest is notified first;
// those who have been notified take the mutex as they come to run. Must outlive whoever waits.
class condition {
 public:
  condition() = default;
  condition(const condition&) = delete;
  condition& operator=(const condition&) = delete;

  // co_await wait(guard): unlocks the mutex and suspends until it is notified; both at once for
  // whoever notifies with the mutex locked. The mutex is locked again, by the same guard, when this
  // returns or throws, also when it is cancelled: to lock again is a wait that cannot be cancelled.
  // Who has been notified returns, and sees a cancellation that came later at the next suspension;
  // who has been cancelled first throws `cancelled`, and the notification goes to another.
  //
  // The guard stays where it is and is not used meanwhile. Different waiters may use different
  // mutexes. Throws usage_error if the guard holds no lock. Allocates the frame of a coroutine:
  // throws std::bad_alloc, and has neither unlocked nor waited then.
  MAGPIE_COROUTINE_WRAPPER task<> wait(mutex_guard& guard);

  // The same, until predicate(), which is called with the mutex locked. Not at all if it is true at
  // once. What it throws is thrown, with the mutex locked; so is std::bad_alloc, of any of the
  // waits.
  template <std::predicate Predicate>
  MAGPIE_COROUTINE_WRAPPER task<> wait(mutex_guard& guard, Predicate predicate) {
    check(guard);
    return wait_until(guard, std::move(predicate));
  }

  // Those who begin to wait later are not meant. The mutex need not be locked, as in the standard
  // library and unlike asyncio; but who changes what others wait for does so with the mutex locked,
  // or they may miss it. Nothing happens if nobody waits. None of them blocks.
  void notify_one() noexcept { notify(1); }
  void notify(std::size_t count) noexcept;
  void notify_all() noexcept { notify(SIZE_MAX); }

 private:
  friend class internal::notification_awaiter;

  static void check(const mutex_guard& guard);

  template <class Predicate>
  task<> wait_until(mutex_guard& guard, Predicate predicate) {
    while (!predicate())
      co_await wait(guard);
  }
  task<> wait_once(mutex_guard& guard);

  internal::mutex lock_;
  internal::wait_list waiters_;  // Under lock_.
};

}  // namespace magpie

#endif  // MAGPIE_RUNTIME_CONDITION_H_
