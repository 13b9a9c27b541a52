// event: something that has happened, or not yet.
//
//   magpie::event ready;
//   co_await ready.wait();  // Until somebody calls ready.set().
#ifndef MAGPIE_RUNTIME_EVENT_H_
#define MAGPIE_RUNTIME_EVENT_H_

#include "magpie/runtime/internal/awaitable.h"
#include "magpie/runtime/internal/mutex.h"
#include "magpie/runtime/internal/queued_awaiter.h"
#include "magpie/runtime/internal/wait_list.h"

namespace magpie {

namespace internal {
class event_awaiter;
}

// Any thread may call everything; wait() is awaited by tasks. Must outlive whoever waits.
class event {
 public:
  // Not set.
  event() = default;
  event(const event&) = delete;
  event& operator=(const event&) = delete;

  // co_await wait(): suspends until the event is set; not at all if it is. Cancelled while it
  // waits: throws `cancelled`. Allocates nothing.
  internal::awaitable<internal::event_awaiter, event> wait() noexcept;

  // All who wait now go on, in the order in which they have come, even if clear() follows at once.
  void set() noexcept;

  void clear() noexcept;

  // Out of date at once, if others call clear().
  bool is_set() const noexcept;

 private:
  friend class internal::event_awaiter;

  mutable internal::mutex lock_;
  internal::wait_list waiters_;  // Under lock_. Nobody, if it is set.
  bool set_ = false;             // Under lock_.
};

namespace internal {

class event_awaiter final : public queued_awaiter {
 public:
  explicit event_awaiter(event& of) noexcept : queued_awaiter(of.lock_, of.waiters_), of_(of) {}
  void await_resume() { finish_or_throw(); }

 private:
  bool available() const noexcept override { return of_.set_; }
  void take() noexcept override {}

  event& of_;
};

}  // namespace internal

inline internal::awaitable<internal::event_awaiter, event> event::wait() noexcept {
  return internal::awaitable<internal::event_awaiter, event>(*this);
}

}  // namespace magpie

#endif  // MAGPIE_RUNTIME_EVENT_H_
