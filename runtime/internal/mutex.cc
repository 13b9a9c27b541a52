#include "magpie/runtime/internal/mutex.h"

#include <chrono>

#include "magpie/runtime/internal/futex.h"

namespace magpie::internal {

void mutex::lock_contended() noexcept {
  // A thread that has waited cannot know whether others still do, so it takes the lock as
  // contended.
  while (state_.exchange(contended, std::memory_order_acquire) != free) {
    futex_wait(state_, contended, std::chrono::steady_clock::time_point::max());
  }
}

void mutex::wake_one() noexcept {
  futex_wake(state_, 1);
}

}  // namespace magpie::internal
