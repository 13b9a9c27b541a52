// latch: a number of things that have to happen, once.
//
//   magpie::latch loaded(3);
//   ...  // Three times: loaded.count_down();
//   co_await loaded.wait();
#ifndef MAGPIE_RUNTIME_LATCH_H_
#define MAGPIE_RUNTIME_LATCH_H_

#include <cstdint>

#include "magpie/runtime/internal/mutex.h"
#include "magpie/runtime/internal/queued_awaiter.h"
#include "magpie/runtime/internal/wait_list.h"

namespace magpie {

class latch;

namespace internal {

class latch_awaiter;

// What wait() and arrive_and_wait() return, until they are awaited.
class [[nodiscard("this does nothing until it is awaited")]] arrival {
 public:
  arrival(latch& at, std::uint64_t count) noexcept : at_(at), count_(count) {}
  latch_awaiter operator co_await() const noexcept;

 private:
  latch& at_;
  const std::uint64_t count_;
};

}  // namespace internal

// Any thread may call everything; wait() and arrive_and_wait() are awaited by tasks. Must outlive
// whoever waits. It may end as soon as those have gone on, even if the count_down() that has let
// them has not returned.
class latch {
 public:
  explicit latch(std::uint64_t count) noexcept : count_(count) {}
  latch(const latch&) = delete;
  latch& operator=(const latch&) = delete;

  // Does not block. Throws usage_error, and changes nothing, if less than `count` is left.
  void count_down(std::uint64_t count = 1);

  // Whether nothing is left. True from then on.
  bool try_wait() const noexcept;

  // co_await wait(): suspends until nothing is left. Cancelled while it waits: throws `cancelled`.
  // Allocates nothing.
  internal::arrival wait() noexcept { return {*this, 0}; }

  // co_await arrive_and_wait(n): count_down(n), then wait(). Counts in any case: also for a task
  // that is cancelled. Throws usage_error as count_down() does, when it is awaited.
  internal::arrival arrive_and_wait(std::uint64_t count = 1) noexcept { return {*this, count}; }

 private:
  friend class internal::latch_awaiter;

  mutable internal::mutex lock_;
  internal::wait_list waiters_;  // Under lock_. Nobody, if nothing is left.
  std::uint64_t count_;          // Under lock_. What is left.
};

namespace internal {

class latch_awaiter final : public queued_awaiter {
 public:
  latch_awaiter(latch& at, std::uint64_t count) noexcept
      : queued_awaiter(at.lock_, at.waiters_), at_(at), count_(count) {}

  bool await_ready() {
    if (count_ != 0) at_.count_down(count_);
    return queued_awaiter::await_ready();
  }
  void await_resume() { finish_or_throw(); }

 private:
  bool available() noexcept override { return at_.count_ == 0; }
  void take() noexcept override {}

  latch& at_;
  const std::uint64_t count_;
};

inline latch_awaiter arrival::operator co_await() const noexcept {
  return {at_, count_};
}

}  // namespace internal

}  // namespace magpie

#endif  // MAGPIE_RUNTIME_LATCH_H_
