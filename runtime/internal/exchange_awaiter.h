// co_await of what one task hands to another: an item, room for one, news.
#ifndef MAGPIE_RUNTIME_INTERNAL_EXCHANGE_AWAITER_H_
#define MAGPIE_RUNTIME_INTERNAL_EXCHANGE_AWAITER_H_

#include <coroutine>

#include "magpie/runtime/budget.h"
#include "magpie/runtime/internal/mutex.h"
#include "magpie/runtime/internal/wait_list.h"
#include "magpie/runtime/suspension.h"

namespace magpie::internal {

// What a task wants from one source, and its place in the list of those who wait there. A co_await
// has one of them, a select() several, of which one takes effect. Who has been claimed has it, and
// who has exchanged has it, whatever happens to the task afterwards.
class exchange_case : public wait_node {
 public:
  // Without waiting. False: nothing has happened. Throws what try_exchange() throws.
  bool exchange_now();

  // After arm(). From now on the source may claim and resume `who`. False: it is not listed, since
  // an exchange seems to be possible at once.
  bool enlist(suspension& who) noexcept;

  // Not listed any more.
  void leave() noexcept;

  // The source's.
  mutex& lock() noexcept { return lock_; }

  // Under the lock. False: has to wait. If it throws, nothing has happened.
  virtual bool try_exchange(ready_list& ready) = 0;

  // Under the lock.
  void join_waiters(suspension& who) noexcept;

 protected:
  exchange_case(mutex& lock, wait_list& waiters) noexcept : lock_(lock), waiters_(waiters) {}
  ~exchange_case() = default;

 private:
  // Under the lock. False: try_exchange() would be, for `who`. True: it need not be, as those who
  // wait on the other side may all have been cancelled.
  virtual bool may_exchange(const suspension& who) const noexcept = 0;

  mutex& lock_;
  wait_list& waiters_;
};

// Unlike a queued_awaiter, it cannot say beforehand whether it need not wait: that is decided by
// claiming somebody who waits on the other side, whom a cancellation may claim at any moment. So it
// exchanges first, and is armed, under the lock of the source, only if that has failed. All of it
// in await_suspend(), with the lock taken once (channel/ping_pong).
class exchange_awaiter : public suspension {
 public:
  static bool await_ready() noexcept { return false; }

  template <class Promise>
  bool await_suspend(std::coroutine_handle<Promise> who) {
    return start(who.promise());
  }

 protected:
  explicit exchange_awaiter(exchange_case& wanted) noexcept : wanted_(wanted) {}
  ~exchange_awaiter() = default;

  // From await_resume(). Throws `cancelled` if that is how it ended; then nothing was exchanged.
  void finish_or_throw();

 private:
  bool start(promise_base& who);

  exchange_case& wanted_;
};

// Case: an exchange_case with a result(), what co_await gives when it has taken effect.
template <class Case>
class exchange_awaiter_of final : public exchange_awaiter {
 public:
  // What make_case() of the operation refers to stays until it is resumed.
  template <class Operation>
  explicit exchange_awaiter_of(Operation& operation)
      : exchange_awaiter(case_), case_(operation.make_case()) {}

  decltype(auto) await_resume() {
    finish_or_throw();
    return case_.result();
  }

 private:
  Case case_;
};

}  // namespace magpie::internal

#endif  // MAGPIE_RUNTIME_INTERNAL_EXCHANGE_AWAITER_H_
