#include "magpie/runtime/condition.h"

#include <coroutine>
#include <mutex>

#include "magpie/runtime/error.h"
#include "magpie/runtime/internal/queued_awaiter.h"

namespace magpie {

namespace internal {

// Unlocks when it stands in the list, and not before: whoever locks next finds it there.
class notification_awaiter final : public queued_awaiter {
 public:
  notification_awaiter(condition& on, mutex_guard& guard) noexcept
      : queued_awaiter(on.lock_, on.waiters_), guard_(guard) {}

  bool await_ready() const noexcept { return false; }
  template <class Promise>
  bool await_suspend(std::coroutine_handle<Promise> who) {
    if (!start(who.promise())) return false;
    guard_.unlock();
    return true;
  }
  outcome await_resume() noexcept { return finish(); }

 private:
  bool available() noexcept override { return false; }
  void take() noexcept override {}

  mutex_guard& guard_;
};

class relock_awaiter final : public queued_awaiter {
 public:
  explicit relock_awaiter(magpie::mutex& of) noexcept
      : queued_awaiter(of.lock_, of.waiters_), of_(of) {}

  template <class Promise>
  bool await_suspend(std::coroutine_handle<Promise> who) noexcept {
    return start_uncancellable(who.promise());
  }
  mutex_guard await_resume() noexcept {
    finish();
    return of_.guard();
  }

 private:
  bool available() noexcept override { return of_.word_.take_or_announce(); }
  void take() noexcept override {}

  magpie::mutex& of_;
};

}  // namespace internal

task<> condition::wait(mutex_guard& guard) {
  check(guard);
  return wait_once(guard);
}

task<> condition::wait_once(mutex_guard& guard) {
  check(guard);  // Again: wait() may have been called long before it is awaited.
  magpie::mutex& locked = *guard.mutex();
  internal::notification_awaiter notification(*this, guard);
  const suspension::outcome how = co_await notification;
  if (!guard.owns_lock()) {
    internal::relock_awaiter again(locked);
    guard = co_await again;
  }
  throw_if_cancelled(how);
}

void condition::notify(std::size_t count) noexcept {
  ready_list ready;
  {
    const std::lock_guard lock(lock_);
    for (; count > 0; --count) {
      internal::wait_node* next = waiters_.claim_front();
      if (next == nullptr) break;
      ready.add(next->waiting());
    }
  }
  ready.resume_all();
}

void condition::check(const mutex_guard& guard) {
  if (!guard.owns_lock()) {
    throw usage_error("magpie: wait() of a condition with a guard that holds no lock");
  }
}

}  // namespace magpie
