#include "magpie/runtime/event.h"

#include <mutex>

namespace magpie {

void event::set() noexcept {
  ready_list ready;
  {
    const std::lock_guard lock(lock_);
    set_ = true;
    while (internal::wait_node* next = waiters_.claim_front())
      ready.add(next->waiting());
  }
  ready.resume_all();
}

void event::clear() noexcept {
  const std::lock_guard lock(lock_);
  set_ = false;
}

bool event::is_set() const noexcept {
  const std::lock_guard lock(lock_);
  return set_;
}

}  // namespace magpie
