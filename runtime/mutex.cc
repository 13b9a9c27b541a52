#include "magpie/runtime/mutex.h"

#include <mutex>

namespace magpie {

std::optional<mutex_guard> mutex::try_lock() noexcept {
  const std::lock_guard lock(lock_);
  if (locked_) return std::nullopt;
  locked_ = true;
  return held();
}

bool mutex::locked() const noexcept {
  const std::lock_guard lock(lock_);
  return locked_;
}

void mutex::unlock() noexcept {
  ready_list ready;
  {
    const std::lock_guard lock(lock_);
    if (internal::wait_node* next = waiters_.claim_front()) {
      ready.add(next->waiting());  // It stays locked, for that one.
    } else {
      locked_ = false;
    }
  }
  ready.resume_all();
}

}  // namespace magpie
