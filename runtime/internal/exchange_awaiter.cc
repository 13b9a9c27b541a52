#include "magpie/runtime/internal/exchange_awaiter.h"

#include <mutex>

#include "magpie/runtime/internal/context.h"
#include "magpie/runtime/internal/promise.h"

namespace magpie::internal {

bool exchange_case::exchange_now() {
  ready_list ready;
  bool exchanged = false;
  {
    const std::lock_guard lock(lock_);
    exchanged = try_exchange(ready);
  }
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

bool exchange_awaiter::start(promise_base& who) {
  // If the task has used up its turn, it goes on in its next one: what is always ready must not
  // keep the others waiting. But a task that is cancelled already does not wait, not even for that.
  const bool lasts = spend_little();
  if (!lasts && who.context->enter_and_ask()) {
    claim(outcome::cancelled);
    return false;
  }
  ready_list ready;
  {
    const std::lock_guard lock(wanted_.lock());
    if (!wanted_.try_exchange(ready)) {
      // The lock of the task is inside that of a source, and never the other way round.
      if (!arm(who)) return false;
      wanted_.join_waiters(*this);
      return true;
    }
  }
  ready.resume_all();
  if (lasts) return false;
  // Behind all others that are ready. A cancellation comes too late.
  arm_uncancellable(who);
  claim(outcome::completed);
  resume();
  return true;
}

void exchange_awaiter::finish_or_throw() {
  const outcome how = disarm();
  // Who has been claimed for `completed` is off the list.
  if (how == outcome::cancelled) wanted_.leave();
  throw_if_cancelled(how);
}

}  // namespace magpie::internal
