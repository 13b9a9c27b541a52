// co_await of what one task hands to another: an item, room for one, news.
#ifndef MAGPIE_RUNTIME_INTERNAL_EXCHANGE_AWAITER_H_
#define MAGPIE_RUNTIME_INTERNAL_EXCHANGE_AWAITER_H_

#include <cassert>
#include <coroutine>
#include <mutex>
#include <optional>

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

  // Without the lock. False: nothing has happened, but try_exchange() may succeed.
  virtual bool try_early(ready_list& /*ready*/) { return false; }

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

// True: it has exchanged. False: it has to wait, and the lock is held, so that nothing changes
// until it is listed. Throws what try_exchange() throws. Case: an exchange_case, or what is derived
// from it and final, which makes these calls direct.
template <class Case>
bool exchange_or_lock(Case& wanted, ready_list& ready) {
  if (wanted.try_early(ready)) return true;
  std::unique_lock lock(wanted.lock());
  if (wanted.try_exchange(ready)) return true;
  assert(ready.empty() && "who has been claimed has to be resumed");
  lock.release();
  return false;
}

// A task that waits for an exchange.
//
// Unlike a queued_awaiter, it cannot say beforehand whether it need not wait: that is decided by
// claiming somebody who waits on the other side, whom a cancellation may claim at any moment. So it
// exchanges first, and is armed, under the lock of the source, only if that has failed.
class exchange_waiter final : public suspension {
 public:
  explicit exchange_waiter(exchange_case& wanted) noexcept : wanted_(wanted) {}

  // From await_suspend(). Under the lock, of which it lets go.
  bool start(promise_base& who) noexcept;

  // From await_suspend(), when the turn is used up. Without the lock.
  bool start_next_turn(promise_base& who);

  // From await_resume(). Throws `cancelled` if that is how it ended; then nothing was exchanged.
  void finish_or_throw();

 private:
  exchange_case& wanted_;
};

// Case: an exchange_case with a result(), what co_await gives when it has taken effect. What
// waiting takes is made only for one who has to wait (channel/bounded_1_1), and the lock is taken
// once: who has to wait holds it from await_ready() to await_suspend(), between which nothing can
// happen (channel/ping_pong).
template <class Case>
class exchange_awaiter_of {
 public:
  // What make_case() of the operation refers to stays until it is resumed.
  template <class Operation>
  explicit exchange_awaiter_of(Operation& operation) : case_(operation.make_case()) {}

  bool await_ready() {
    turn_lasts_ = spend_little();
    if (!turn_lasts_) return false;
    ready_list ready;
    if (!exchange_or_lock(case_, ready)) return false;
    ready.resume_all();
    return true;
  }
  template <class Promise>
  bool await_suspend(std::coroutine_handle<Promise> who) {
    waiter_.emplace(case_);
    return turn_lasts_ ? waiter_->start(who.promise()) : waiter_->start_next_turn(who.promise());
  }
  decltype(auto) await_resume() {
    if (waiter_) waiter_->finish_or_throw();
    return case_.result();
  }

 private:
  Case case_;
  bool turn_lasts_ = true;
  std::optional<exchange_waiter> waiter_;
};

}  // namespace magpie::internal

#endif  // MAGPIE_RUNTIME_INTERNAL_EXCHANGE_AWAITER_H_
