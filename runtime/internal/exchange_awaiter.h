// co_await of what one task hands to another: an item, or room for one.
#ifndef MAGPIE_RUNTIME_INTERNAL_EXCHANGE_AWAITER_H_
#define MAGPIE_RUNTIME_INTERNAL_EXCHANGE_AWAITER_H_

#include <coroutine>

#include "magpie/runtime/budget.h"
#include "magpie/runtime/internal/mutex.h"
#include "magpie/runtime/internal/wait_list.h"
#include "magpie/runtime/suspension.h"

namespace magpie::internal {

// Unlike a queued_awaiter, it cannot say beforehand whether it need not wait: that is decided by
// claiming somebody who waits on the other side, whom a cancellation may claim at any moment. So it
// exchanges first, and is armed, under the lock of the source, only if that has failed. Who has
// been claimed has it, and who has exchanged has it, whatever happens to the task afterwards.
class exchange_awaiter : public suspension {
 public:
  exchange_awaiter(mutex& lock, wait_list& waiters) noexcept
      : lock_(lock), waiters_(waiters), node_(*this) {}

  // Not if the task has used up its turn: what is always ready must not keep the others waiting.
  bool await_ready() { return spend_little() && exchange_now(); }

  template <class Promise>
  bool await_suspend(std::coroutine_handle<Promise> who) {
    return start(who.promise());
  }

 protected:
  ~exchange_awaiter() = default;

  // Under the lock. False: has to wait. If it throws, nothing has happened.
  virtual bool try_exchange(ready_list& ready) = 0;

  bool start(promise_base& who);

  // From await_resume(). Throws `cancelled` if that is how it ended; then nothing was exchanged.
  void finish_or_throw();

 private:
  bool exchange_now();

  mutex& lock_;
  wait_list& waiters_;
  wait_node node_;
};

}  // namespace magpie::internal

#endif  // MAGPIE_RUNTIME_INTERNAL_EXCHANGE_AWAITER_H_
