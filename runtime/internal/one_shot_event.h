// Something that happens once, and that plain threads can wait for.
#ifndef MAGPIE_RUNTIME_INTERNAL_ONE_SHOT_EVENT_H_
#define MAGPIE_RUNTIME_INTERNAL_ONE_SHOT_EVENT_H_

#include <atomic>
#include <chrono>
#include <climits>
#include <cstdint>

#include "magpie/runtime/internal/futex.h"

namespace magpie::internal {

class one_shot_event {
 public:
  // Any thread, once. Whoever waits may destroy the event as soon as it has seen it set.
  void set() noexcept {
    // The wake may come after the destruction: the kernel then finds no waiter at that address, or
    // wakes a futex wait that has to tolerate it anyway.
    if (state_.exchange(happened) == awaited) futex_wake(state_, INT_MAX);
  }

  bool is_set() const noexcept { return state_.load() == happened; }

  // Any thread; blocks it until set().
  void wait() noexcept {
    std::uint32_t state = pending;
    state_.compare_exchange_strong(state, awaited);
    while (state_.load() != happened)
      futex_wait(state_, awaited, std::chrono::steady_clock::time_point::max());
  }

 private:
  enum : std::uint32_t { pending, awaited, happened };
  std::atomic<std::uint32_t> state_{pending};
};

}  // namespace magpie::internal

#endif  // MAGPIE_RUNTIME_INTERNAL_ONE_SHOT_EVENT_H_
