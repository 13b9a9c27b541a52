// event: something that has happened, or not yet.
//
//   magpie::event ready;
//   co_await ready.wait();  // Until somebody calls ready.set().
#ifndef MAGPIE_RUNTIME_EVENT_H_
#define MAGPIE_RUNTIME_EVENT_H_

#include "magpie/runtime/internal/exchange_awaiter.h"
#include "magpie/runtime/internal/mutex.h"
#include "magpie/runtime/internal/wait_list.h"

namespace magpie {

namespace internal {
class event_case;
class event_wait;
}  // namespace internal

// Any thread may call everything; wait() is awaited by tasks. Must outlive whoever waits.
class event {
 public:
  // Not set.
  event() = default;
  event(const event&) = delete;
  event& operator=(const event&) = delete;

  // co_await wait(): suspends until the event is set; not at all if it is. Cancelled while it
  // waits: throws `cancelled`. Allocates nothing.
  internal::event_wait wait() noexcept;

  // All who wait now go on, in the order in which they have come, even if clear() follows at once.
  void set() noexcept;

  void clear() noexcept;

  // Out of date at once, if others call clear().
  bool is_set() const noexcept;

 private:
  friend class internal::event_case;

  mutable internal::mutex lock_;
  internal::wait_list waiters_;  // Under lock_. Nobody, if it is set.
  bool set_ = false;             // Under lock_.
};

namespace internal {

class event_case final : public exchange_case {
 public:
  explicit event_case(event& of) noexcept : exchange_case(of.lock_, of.waiters_), of_(of) {}
  void result() const noexcept {}
  bool try_exchange(ready_list& /*ready*/) override { return of_.set_; }

 private:
  bool may_exchange(const suspension& /*who*/) const noexcept override { return of_.set_; }

  event& of_;
};

class [[nodiscard("it does nothing until it is awaited")]] event_wait {
 public:
  explicit event_wait(event& of) noexcept : of_(of) {}
  exchange_awaiter_of<event_case> operator co_await() const {
    return exchange_awaiter_of<event_case>(*this);
  }
  event_case make_case() const noexcept { return event_case(of_); }

 private:
  event& of_;
};

}  // namespace internal

inline internal::event_wait event::wait() noexcept {
  return internal::event_wait(*this);
}

}  // namespace magpie

#endif  // MAGPIE_RUNTIME_EVENT_H_
