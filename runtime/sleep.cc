#include "magpie/runtime/sleep.h"

#include "magpie/runtime/error.h"
#include "magpie/runtime/internal/context.h"
#include "magpie/runtime/internal/scheduler.h"
#include "magpie/runtime/internal/worker.h"

namespace magpie {

clock::time_point clock::now() noexcept {
  if (internal::worker* here = internal::current_worker()) return here->owner().now();
  return std::chrono::steady_clock::now();
}

namespace internal {

bool sleep_awaiter::start(promise_base& who) {
  if (!arm(who)) return false;
  try {
    home()->timers().insert(timer_);
  } catch (...) {
    // A cancellation that has won already is going to resume this task; then that is what it sees.
    if (!claim(outcome::completed)) return true;
    disarm();
    throw;
  }
  return true;
}

void sleep_awaiter::await_resume() {
  worker* const where = home();
  const outcome how = disarm();
  // Who has been claimed for `completed` is no longer there.
  if (where != nullptr && how != outcome::completed) where->timers().remove(timer_);
  throw_if_cancelled(how);
}

bool yield_awaiter::start(promise_base& who) noexcept {
  cancelled_ = who.context->enter_and_ask();
  if (cancelled_) return false;
  // The exception to the rule of suspension.h: a thief may run `who` before this returns. clang
  // touches the frame no more after await_suspend (before clang 19 it could), nor does g++.
  current_worker()->push_yielded(who);
  return true;
}

void yield_awaiter::await_resume() const {
  if (cancelled_) throw cancelled();
}

}  // namespace internal
}  // namespace magpie
