#include "magpie/runtime/mutex.h"

#include <mutex>

#include "magpie/runtime/internal/platform.h"

namespace magpie {

// A third of a microsecond at most: less than it costs to suspend and to be resumed
// (mutex/contended).
bool mutex::try_take_soon() noexcept {
  for (int pauses = 4; pauses <= 16; pauses *= 2) {
    if (state_.load() == contended) return false;
    for (int i = 0; i < pauses; ++i)
      internal::pause_processor();
    if (state_.load() == free && try_take()) return true;
  }
  return false;
}

std::optional<mutex_guard> mutex::try_lock() noexcept {
  if (!try_take()) return std::nullopt;
  return guard();
}

bool mutex::locked() const noexcept {
  return state_.load() != free;
}

bool mutex::take_or_announce() noexcept {
  std::uint32_t state = state_.load();
  while (state != contended) {
    const std::uint32_t next = state == free ? held : contended;
    if (state_.compare_exchange_strong(state, next)) return next == held;
  }
  return false;
}

// It becomes free outside lock_, and with the last step: whoever takes it then may destroy it.
void mutex::unlock_contended() noexcept {
  std::uint32_t expected = held;
  do {
    if (hand_over()) return;
    expected = held;
  } while (!state_.compare_exchange_strong(expected, free));
}

// False: all who waited have been cancelled. It is still held.
bool mutex::hand_over() noexcept {
  ready_list ready;
  {
    const std::lock_guard lock(lock_);
    if (internal::wait_node* next = waiters_.claim_front()) ready.add(next->waiting());
    if (waiters_.empty()) state_.store(held);
  }
  const bool handed_over = !ready.empty();
  ready.resume_all();
  return handed_over;
}

}  // namespace magpie
