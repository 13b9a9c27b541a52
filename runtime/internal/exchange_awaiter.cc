#include "magpie/runtime/internal/exchange_awaiter.h"

#include <mutex>

#include "magpie/runtime/internal/context.h"
#include "magpie/runtime/internal/promise.h"

namespace magpie::internal {

bool exchange_case::exchange_now() {
  ready_list ready;
  const bool exchanged = exchange_or_lock(*this, ready);
  if (!exchanged) lock_.unlock();
  ready.resume_all();
  return exchanged;
}

bool exchange_case::enlist(suspension& who) noexcept {
  const std::lock_guard lock(lock_);
  if (may_exchange(who)) return false;
  join_waiters(who);
  return true;
}

void exchange_case::join_waiters(suspension& who) noexcept {
  belong_to(who);
  waiters_.push_back(*this);
}

void exchange_case::leave() noexcept {
  const std::lock_guard lock(lock_);
  waiters_.remove(*this);
}

bool exchange_waiter::start(promise_base& who) noexcept {
  const std::lock_guard lock(wanted_.lock(), std::adopt_lock);
  // The lock of the task is inside that of a source, and never the other way round.
  if (!arm(who)) return false;
  wanted_.join_waiters(*this);
  return true;
}

bool exchange_waiter::start_next_turn(promise_base& who) {
  // What is always ready must not keep the others waiting. But a task that is cancelled already
  // does not wait, not even for that.
  if (who.context->enter_and_ask()) {
    claim(outcome::cancelled);
    return false;
  }
  ready_list ready;
  if (!exchange_or_lock(wanted_, ready)) return start(who);
  ready.resume_all();
  // Behind all others that are ready. A cancellation comes too late.
  arm_uncancellable(who);
  claim(outcome::completed);
  resume();
  return true;
}

void exchange_waiter::finish_or_throw() {
  const outcome how = disarm();
  // Who has been claimed for `completed` is off the list.
  if (how == outcome::cancelled) wanted_.leave();
  throw_if_cancelled(how);
}

}  // namespace magpie::internal
