// co_await of what a lock, a semaphore, a queue or a channel hands out: at once if it is there,
// otherwise first come, first served.
#ifndef MAGPIE_RUNTIME_INTERNAL_QUEUED_AWAITER_H_
#define MAGPIE_RUNTIME_INTERNAL_QUEUED_AWAITER_H_

#include <coroutine>

#include "magpie/runtime/budget.h"
#include "magpie/runtime/internal/mutex.h"
#include "magpie/runtime/internal/wait_list.h"
#include "magpie/runtime/suspension.h"

namespace magpie::internal {

// What is handed out, and who waits for it, is under the lock of the source. A source that has
// something for somebody who waits calls wait_list::claim_front(), hands it over, and resumes the
// waiter when it has let go of the lock. Who has been claimed has it, whatever happens to the task
// afterwards: a cancellation comes too late then, and is seen at the next suspension. Who has been
// cancelled first has nothing, and the source gives it to the next.
class queued_awaiter : public suspension {
 public:
  queued_awaiter(mutex& lock, wait_list& waiters) noexcept
      : lock_(lock), waiters_(waiters), node_(*this) {}

  // Not if the task has used up its turn: what is always ready must not keep the others waiting.
  bool await_ready() noexcept { return spend_little() && take_now(); }

  template <class Promise>
  bool await_suspend(std::coroutine_handle<Promise> who) noexcept {
    return start(who.promise());
  }

 protected:
  ~queued_awaiter() = default;

  // Under the lock. Whether it can be had without waiting, and taking it. (Where it can be taken
  // without the lock as well, the first does so, and keeps it in mind.)
  virtual bool available() noexcept = 0;
  virtual void take() noexcept = 0;
  // Under the lock: this one has left without it, so that others may be able to have theirs.
  virtual void leave(ready_list& /*ready*/) noexcept {}

  bool start(promise_base& who) noexcept;

  // The same, for a wait that has to reach its end: nothing cancels it.
  bool start_uncancellable(promise_base& who) noexcept;

  // From await_resume(). Who won: `completed`, or `waiting` if there was no need to suspend.
  outcome finish() noexcept;

  // From await_resume(). Throws `cancelled` if that is how it ended.
  void finish_or_throw() { throw_if_cancelled(finish()); }

 private:
  bool take_now() noexcept;
  bool take_or_queue() noexcept;

  mutex& lock_;
  wait_list& waiters_;
  wait_node node_;
};

}  // namespace magpie::internal

#endif  // MAGPIE_RUNTIME_INTERNAL_QUEUED_AWAITER_H_
