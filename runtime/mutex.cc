#include "magpie/runtime/mutex.h"

#include <mutex>

#include "magpie/runtime/internal/platform.h"

namespace magpie {

// 28 pauses, under a microsecond on Zen 3: less than it costs to suspend and to be resumed
// (mutex/contended).
bool mutex::try_take_soon() noexcept {
  for (int pauses = 4; pauses <= 16; pauses *= 2) {
    if (word_.is_contended()) return false;
    for (int i = 0; i < pauses; ++i)
      internal::pause_processor();
    if (word_.is_free() && word_.try_take()) return true;
  }
  return false;
}

std::optional<mutex_guard> mutex::try_lock() noexcept {
  if (!word_.try_take()) return std::nullopt;
  return guard();
}

bool mutex::locked() const noexcept {
  return !word_.is_free();
}

// It becomes free outside lock_, and with the last step: whoever takes it then may destroy it.
void mutex::unlock_contended() noexcept {
  do {
    if (hand_over()) return;
  } while (!word_.try_release());
}

// False: all who waited have been cancelled. It is still held.
bool mutex::hand_over() noexcept {
  ready_list ready;
  {
    const std::lock_guard lock(lock_);
    if (internal::wait_node* next = waiters_.claim_front()) ready.add(next->waiting());
    if (waiters_.empty()) word_.nobody_waits();
  }
  const bool handed_over = !ready.empty();
  ready.resume_all();
  return handed_over;
}

}  // namespace magpie
