#include "magpie/runtime/latch.h"

#include <mutex>
#include <string>

#include "magpie/runtime/error.h"

namespace magpie {

void latch::count_down(std::uint64_t count) {
  ready_list ready;
  {
    const std::lock_guard lock(lock_);
    if (count > count_) {
      throw usage_error("magpie: count_down(" + std::to_string(count) + ") of a latch that has " +
                        std::to_string(count_) + " left");
    }
    count_ -= count;
    if (count_ == 0) {
      while (internal::wait_node* next = waiters_.claim_front())
        ready.add(next->waiting());
    }
  }
  // From here on, *this may be gone.
  ready.resume_all();
}

bool latch::try_wait() const noexcept {
  const std::lock_guard lock(lock_);
  return count_ == 0;
}

}  // namespace magpie
