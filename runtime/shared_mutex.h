// shared_mutex: one that writes, or any number that read.
//
//   magpie::shared_mutex table;
//   auto reading = co_await table.lock_shared();  // Unlocked at the end of the scope.
#ifndef MAGPIE_RUNTIME_SHARED_MUTEX_H_
#define MAGPIE_RUNTIME_SHARED_MUTEX_H_

#include <cstdint>
#include <optional>

#include "magpie/runtime/internal/awaitable.h"
#include "magpie/runtime/internal/basic_guard.h"
#include "magpie/runtime/internal/mutex.h"
#include "magpie/runtime/internal/queued_awaiter.h"
#include "magpie/runtime/internal/wait_list.h"

namespace magpie {

class shared_mutex;

namespace internal {
class shared_mutex_awaiter;
template <hold How>
class hold_awaiter;
using exclusive_acquisition = awaitable<hold_awaiter<hold::exclusive>, shared_mutex>;
using shared_acquisition = awaitable<hold_awaiter<hold::shared>, shared_mutex>;
}  // namespace internal

// A lock that is held: owns_lock(), unlock(), mutex(), swap(). Moves only; unlocks when it ends.
// One thread at a time, which need not be the one that has locked. Must not outlive the mutex.
using exclusive_guard = internal::basic_guard<shared_mutex, internal::hold::exclusive>;
using shared_guard = internal::basic_guard<shared_mutex, internal::hold::shared>;

// Any thread may call everything; lock() and lock_shared() are awaited by tasks. First come, first
// served, whatever they want: who comes to read waits behind a writer who waits, and those who read
// and stand next to each other in the queue are let in together. So neither starves. A task that
// holds it, in whichever way, and locks again, in whichever way, may wait for itself. Must outlive
// its guards and whoever waits.
class shared_mutex {
 public:
  shared_mutex() = default;
  shared_mutex(const shared_mutex&) = delete;
  shared_mutex& operator=(const shared_mutex&) = delete;

  // co_await lock(): suspends until nobody else holds it, and gives an exclusive_guard. Cancelled
  // while it waits: throws `cancelled`, holds nothing, and those behind it go on if they now can.
  // Allocates nothing.
  internal::exclusive_acquisition lock() noexcept;

  // co_await lock_shared(): the same until nobody writes, and gives a shared_guard.
  internal::shared_acquisition lock_shared() noexcept;

  // Without waiting. Nothing if it cannot be had at once, or others wait.
  std::optional<exclusive_guard> try_lock() noexcept;
  std::optional<shared_guard> try_lock_shared() noexcept;

  // Whether somebody writes; how many read. Out of date at once.
  bool locked() const noexcept;
  std::uint64_t readers() const noexcept;

 private:
  friend exclusive_guard;
  friend shared_guard;
  friend class internal::shared_mutex_awaiter;
  template <internal::hold How>
  friend class internal::hold_awaiter;

  template <internal::hold How>
  internal::basic_guard<shared_mutex, How> held() noexcept {
    return internal::basic_guard<shared_mutex, How>(*this);
  }
  void unlock() noexcept;
  void unlock_shared() noexcept;

  // Under lock_.
  bool admits(internal::hold how) const noexcept;
  void admit(internal::hold how) noexcept;
  void hand_out(ready_list& ready) noexcept;

  mutable internal::mutex lock_;
  internal::wait_list waiters_;  // Under lock_.
  std::uint64_t readers_ = 0;    // Under lock_.
  bool written_ = false;         // Under lock_. Then there are no readers.
};

namespace internal {

class shared_mutex_awaiter : public queued_awaiter {
 public:
  hold wanted() const noexcept { return how_; }

 protected:
  shared_mutex_awaiter(magpie::shared_mutex& of, hold how) noexcept
      : queued_awaiter(of.lock_, of.waiters_), of_(of), how_(how) {}
  ~shared_mutex_awaiter() = default;

  magpie::shared_mutex& of() const noexcept { return of_; }

 private:
  bool available() noexcept override;
  void take() noexcept override;
  void leave(ready_list& ready) noexcept override;

  magpie::shared_mutex& of_;
  const hold how_;
};

template <hold How>
class hold_awaiter final : public shared_mutex_awaiter {
 public:
  explicit hold_awaiter(magpie::shared_mutex& of) noexcept : shared_mutex_awaiter(of, How) {}

  basic_guard<magpie::shared_mutex, How> await_resume() {
    finish_or_throw();
    return of().template held<How>();
  }
};

}  // namespace internal

inline internal::exclusive_acquisition shared_mutex::lock() noexcept {
  return internal::exclusive_acquisition(*this);
}

inline internal::shared_acquisition shared_mutex::lock_shared() noexcept {
  return internal::shared_acquisition(*this);
}

}  // namespace magpie

#endif  // MAGPIE_RUNTIME_SHARED_MUTEX_H_
