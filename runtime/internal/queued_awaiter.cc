#include "magpie/runtime/internal/queued_awaiter.h"

#include <mutex>

namespace magpie::internal {

bool queued_awaiter::take_now() noexcept {
  const std::lock_guard lock(lock_);
  if (!available()) return false;
  take();
  return true;
}

bool queued_awaiter::start(promise_base& who) noexcept {
  return arm(who) && take_or_queue();
}

bool queued_awaiter::start_uncancellable(promise_base& who) noexcept {
  arm_uncancellable(who);
  return take_or_queue();
}

bool queued_awaiter::take_or_queue() noexcept {
  {
    const std::lock_guard lock(lock_);
    if (!available()) {
      waiters_.push_back(node_);
      return true;
    }
    // If a cancellation was faster, that one resumes the coroutine.
    if (!claim(outcome::completed)) return true;
    take();
  }
  if (spend_little()) return false;
  resume();  // Behind all others that are ready.
  return true;
}

suspension::outcome queued_awaiter::finish() noexcept {
  const outcome how = disarm();
  // Who has been claimed for `completed` is off the list.
  if (how == outcome::cancelled) {
    ready_list ready;
    {
      const std::lock_guard lock(lock_);
      waiters_.remove(node_);
      leave(ready);
    }
    ready.resume_all();
  }
  return how;
}

}  // namespace magpie::internal
